/**
 * What a caller of the client can meet: one class, so that one `catch` can tell.
 * `code` is Kafka's error name (`UNKNOWN_TOPIC_OR_PARTITION`), or one of the client's own:
 *
 *     CONNECTION_FAILED     nobody there, or nobody who answers in time          retriable
 *     CONNECTION_LOST       it broke while something was under way               retriable
 *     REQUEST_TIMED_OUT     no answer in the time a call may take                retriable
 *     TLS_FAILED            a certificate is not trusted, or there is no TLS
 *     MALFORMED_RESPONSE    what answers is no Kafka broker, or a broken one
 *     UNSUPPORTED_VERSION   the broker does not serve what is asked
 *     ABORTED               the caller's signal; its reason is the cause
 *     CLIENT_CLOSED         the client was closed before
 *     INVALID_ADDRESS, INVALID_OPTION, INVALID_REQUEST    the caller's mistake
 */
import { errorOf } from '../protocol/errors.ts'

export interface ErrorDetails {
  readonly retriable?: boolean
  readonly topic?: string
  readonly partition?: number
  readonly broker?: string
  readonly cause?: unknown
}

export class ClientError extends Error {
  override readonly name = 'ClientError'
  readonly code: string
  readonly retriable: boolean
  readonly topic: string | undefined
  readonly partition: number | undefined
  readonly broker: string | undefined

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause })
    this.code = code
    this.retriable = details.retriable ?? false
    this.topic = details.topic
    this.partition = details.partition
    this.broker = details.broker
  }
}

/** The error a broker answered with, in words. */
export function answeredError(errorCode: number, what: string, details: ErrorDetails & { message?: string | null } = {}): ClientError {
  const { name, retriable, about } = errorOf(errorCode)
  return new ClientError(name, `${what}: ${details.message ?? about}`, { retriable, ...details })
}
