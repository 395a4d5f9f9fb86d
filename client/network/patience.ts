/** What may pass (a leader moves, a coordinator loads, a broker restarts) is tried again, for as long as a call may take. */
import type { ClientPlatform } from '../platform/dial.ts'
import { retryDelayMs } from './backoff.ts'
import type { PoolOptions } from './broker-pool.ts'
import { ClientError } from './client-error.ts'
import { Deadline } from './deadline.ts'
import { interruptible, pause, throwIfAborted } from './interruption.ts'

/** Where no broker has ever answered the address may be wrong: whoever gave it should hear of it soon. */
export const firstContactAttempts = 3

/** What every call that waits takes. */
export interface CallOptions {
  /** Ends the wait with a ClientError (ABORTED); what was asked for may be done all the same. */
  readonly signal?: AbortSignal | undefined
  /** How long the call may take, retries included; the client's `requestTimeoutMs` if left out. */
  readonly timeoutMs?: number | undefined
}

export interface PatienceOptions extends CallOptions {
  /** Of a call that may wait long at the broker: what fails is tried again for so long and no longer. An attempt that took more begins the count anew. */
  readonly retriesMs?: number | undefined
}

/** What a call's attempts take: `deadline` instead of a time of their own. */
export interface AttemptOptions extends CallOptions {
  readonly deadline?: Deadline | undefined
}

/**
 * @param act hears why it is done again (what was asked for before may have been done, though nobody said so), and how it is bound: what
 * heeds the deadline tells what it waited for when the time is over, and what does not is left all the same.
 * @param onRetry what was known before may be wrong.
 * Throws the last error where none of the attempts succeeds in time, or trying again is no use; REQUEST_TIMED_OUT where the first is still under way.
 */
export async function patiently<T>(
  options: PoolOptions,
  act: (earlier: ClientError | undefined, bound: AttemptOptions) => Promise<T>,
  onRetry: (error: ClientError) => void = () => {},
  { signal, timeoutMs = options.requestTimeoutMs, retriesMs = timeoutMs }: PatienceOptions = {},
): Promise<T> {
  const { platform, logger, metrics, hasMet = () => true } = options
  const endsAt = platform.now() + timeoutMs
  const deadline = new Deadline()
  let last: ClientError | undefined
  let failsSince = platform.now()
  const why = `not done in ${timeoutMs} ms: give it longer, or see whether the brokers are well`
  const late = () => last ?? new ClientError('REQUEST_TIMED_OUT', why, { retriable: true })
  for (let attempt = 1; ; attempt++) {
    throwIfAborted(signal)
    const began = platform.now()
    try {
      return await bounded(interruptible(act(last, { signal, deadline }), signal), endsAt, deadline, platform, late)
    } catch (error) {
      if (!(error instanceof ClientError) || !error.retriable) throw error
      const now = platform.now()
      const isOver = now >= endsAt
      if (now - began > retriesMs) failsSince = now
      // What the last attempt waited for says less than what an earlier one heard.
      if (isOver && last) throw last
      last = error
      const delay = retryDelayMs(options, attempt)
      if (isOver || now + delay >= Math.min(endsAt, failsSince + retriesMs) || (attempt >= firstContactAttempts && !hasMet())) throw error
      logger?.debug({ error: error.code, attempt, delay }, `trying again: ${error.message}`)
      metrics?.retry?.(error.code)
      onRetry(error)
      await pause(platform, delay, signal)
    }
  }
}

/** The promise's outcome; at the end of the time the error of whoever waits inside, and where none of them knows, that of `late`. */
async function bounded<T>(
  promise: Promise<T>,
  endsAt: number,
  deadline: Deadline,
  platform: ClientPlatform,
  late: () => Error,
): Promise<T> {
  const { promise: expired, reject } = Promise.withResolvers<never>()
  let cancel = platform.after(Math.max(0, endsAt - platform.now()), () => {
    deadline.expire()
    cancel = platform.after(0, () => reject(late()))
  })
  try {
    return await Promise.race([promise, expired])
  } finally {
    cancel()
  }
}
