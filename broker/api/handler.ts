/**
 * What every API is to the dispatcher: a request and a response declaration, the versions served, and a function between them.
 * A handler is short: decode (done before it), authorise, call the part that owns the work, encode (done after it).
 * It answers bad input with Kafka's error codes inside its response, and throws only on a broken invariant.
 */
import type { Input, Message, Of } from '../../client/protocol/schema.ts'
import type { Millis } from '../platform/clock.ts'
import type { Services } from './services.ts'

/** Who asks, and how. */
export interface RequestContext {
  readonly apiVersion: number
  /** Empty if the client gave none. */
  readonly clientId: string
  /** `User:ANONYMOUS` until there is authentication. */
  readonly principal: string
  /** The peer's address. */
  readonly host: string
  /** The listener's name, `PLAINTEXT`. */
  readonly listener: string
  /** Stable for the life of the connection; fetch sessions and the like hang on it. */
  readonly connectionId: number
  /** When the request's last byte arrived, wall time. */
  readonly now: Millis
  /** The request's bytes are the handler's own for good: it may keep views of them. */
  readonly ownsBytes: boolean
  /** Calls `done` once the answer has left, or can never leave: the place to give back buffers that the answer refers to. */
  afterSent(done: () => void): void
  /** The connection ends in the answer's place: the way to tell of a failure where no answer is expected. */
  disconnect(reason: string): void
  /** Calls `forget` if the peer goes before it is answered: what was to be waited for can be forgotten. */
  whenAbandoned(forget: () => void): void
}

/** `undefined` is no answer at all (Produce with acks=0). */
export type Answer<S extends Message> = Input<S> | undefined

export interface Api<Q extends Message = Message, S extends Message = Message> {
  readonly request: Q
  readonly response: S
  /** First and last version served; what is advertised. */
  readonly versions: readonly [first: number, last: number]
  handle(request: Of<Q>, context: RequestContext, services: Services): Answer<S> | Promise<Answer<S>>
}

/** Keeps the types of request and response together where an API is defined. */
export function api<Q extends Message, S extends Message>(definition: Api<Q, S>): Api<Q, S> {
  return definition
}
