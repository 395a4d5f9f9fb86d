/**
 * The brokers that coordinate groups and transactions, and requests to them.
 * Owns: where each was last found. One that moved, or is no more, is looked for again. Never: knows what is asked of it.
 */
import type { BrokerConnection } from '../network/broker-connection.ts'
import type { BrokerPool, ConnectOptions, Endpoint } from '../network/broker-pool.ts'
import { answeredError, ClientError } from '../network/client-error.ts'
import { type AttemptOptions, patiently, type PatienceOptions } from '../network/patience.ts'
import { ErrorCode } from '../protocol/errors.ts'
import { FindCoordinatorRequest, FindCoordinatorResponse } from '../protocol/messages/find-coordinator.ts'

export type CoordinatorKind = 'group' | 'transaction'

export interface Coordinator extends Endpoint {
  readonly nodeId: number
}

/** Later ones take several keys. */
const lastVersionWithOneKey = 3
const keyTypes = { group: 0, transaction: 1 } as const

export class Coordinators {
  readonly #pool: BrokerPool
  readonly #found = new Map<string, Coordinator>()

  constructor(pool: BrokerPool) {
    this.#pool = pool
  }

  /** Does `act` at the coordinator of `id`; again where that moves, loads or cannot be reached. Throws ClientError. */
  ask<T>(
    kind: CoordinatorKind,
    id: string,
    act: (connection: BrokerConnection, brokerId: number) => Promise<T>,
    options?: ConnectOptions & PatienceOptions,
  ): Promise<T> {
    const attempt = async (_earlier: ClientError | undefined, bound: AttemptOptions) => {
      const coordinator = await this.#find(kind, id, bound)
      const connection = await this.#pool.at(coordinator, { ...options, ...bound })
      const { broker } = connection
      const why = `the coordinator of ${kind} '${id}', ${broker}, gave no answer in time`
      const late = () => new ClientError('REQUEST_TIMED_OUT', why, { retriable: true, broker })
      const answered = act(connection, coordinator.nodeId)
      return bound.deadline?.bound(answered, late) ?? answered
    }
    return patiently(this.#pool.options, attempt, () => this.forget(kind, id), options)
  }

  forget(kind: CoordinatorKind, id: string): void {
    this.#found.delete(`${kind} ${id}`)
  }

  async #find(kind: CoordinatorKind, id: string, bound: AttemptOptions): Promise<Coordinator> {
    const known = this.#found.get(`${kind} ${id}`)
    if (known) return known
    const connection = await this.#pool.any(bound)
    const body = { key: id, keyType: keyTypes[kind] }
    const found = await connection.send(FindCoordinatorRequest, FindCoordinatorResponse, body, lastVersionWithOneKey, bound)
    if (found.errorCode !== ErrorCode.NONE)
      throw answeredError(found.errorCode, `cannot find the coordinator of ${kind} '${id}'`, { broker: connection.broker })
    const { nodeId, host, port } = found
    this.#found.set(`${kind} ${id}`, { nodeId, host, port })
    return { nodeId, host, port }
  }
}
