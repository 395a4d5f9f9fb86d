/** A row of a settings table: a kind of value, what it is for, whether it may change while the broker runs, and whether Stele heeds it. */
import type { Kind } from './kind.ts'

/** Whether AlterConfigs may change it: never, for one broker, or for one and for all. */
export type Changeable = 'read-only' | 'per-broker' | 'cluster-wide'

export interface Setting<V> extends Kind<V> {
  /** For people, in full sentences. */
  readonly doc: string
  readonly changeable: Changeable
  /** yes: it does what its doc says. not yet: it will, when the part that it belongs to is built. no: Kafka has it, Stele has no use for it. */
  readonly honoured: 'yes' | 'not yet' | 'no'
}

export function setting<V>(kind: Kind<V>, doc: string, changeable: Changeable = 'read-only'): Setting<V> {
  return { ...kind, doc, changeable, honoured: 'yes' }
}

/** Taken and checked; the part that it belongs to is not built yet. */
export function planned<V>(kind: Kind<V>, doc: string, changeable: Changeable = 'read-only'): Setting<V> {
  return { ...kind, doc, changeable, honoured: 'not yet' }
}

/** Kafka has it, Stele has no use for it. */
export function unused<V>(kind: Kind<V>, doc: string, changeable: Changeable = 'read-only'): Setting<V> {
  return { ...kind, doc, changeable, honoured: 'no' }
}

/** What the values of a table's rows are. */
export type ValueOf<S> = S extends Kind<infer V> ? V : never
