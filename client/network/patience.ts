/** What may pass (a leader moves, a coordinator loads, a broker restarts) is tried again, for as long as a call may take. */
import { backoffMs, defaultRetry } from './backoff.ts'
import type { PoolOptions } from './broker-pool.ts'
import { ClientError } from './client-error.ts'
import { interruptible, pause, throwIfAborted, within } from './interruption.ts'

/** Where no broker has ever answered the address may be wrong: whoever gave it should hear of it soon. */
const firstContactAttempts = 3

/** What every call that waits takes. */
export interface CallOptions {
  /** Ends the wait with a ClientError (ABORTED); what was asked for may be done all the same. */
  readonly signal?: AbortSignal | undefined
  /** How long the call may take, retries included; the client's `requestTimeoutMs` if left out. */
  readonly timeoutMs?: number | undefined
}

/**
 * @param act hears why it is done again: what was asked for before may have been done, though nobody said so.
 * @param onRetry what was known before may be wrong.
 * Throws the last error where none of the attempts succeeds in time, or trying again is no use; REQUEST_TIMED_OUT where the first is still under way.
 */
export async function patiently<T>(
  { platform, requestTimeoutMs, retry = defaultRetry, logger, metrics, hasMet = () => true }: PoolOptions,
  act: (earlier: ClientError | undefined) => Promise<T>,
  onRetry: (error: ClientError) => void = () => {},
  { signal, timeoutMs = requestTimeoutMs }: CallOptions = {},
): Promise<T> {
  const deadline = platform.now() + timeoutMs
  let last: ClientError | undefined
  const late = () => last ?? new ClientError('REQUEST_TIMED_OUT', `not done in ${timeoutMs} ms`, { retriable: true })
  for (let attempt = 1; ; attempt++) {
    throwIfAborted(signal)
    try {
      return await within(interruptible(act(last), signal), Math.max(0, deadline - platform.now()), platform, late)
    } catch (error) {
      if (!(error instanceof ClientError) || !error.retriable) throw error
      last = error
      const delay = backoffMs(retry, attempt, platform.random())
      if (platform.now() + delay >= deadline || (attempt >= firstContactAttempts && !hasMet())) throw error
      logger?.debug({ error: error.code, attempt, delay }, `trying again: ${error.message}`)
      metrics?.retry?.(error.code)
      onRetry(error)
      await pause(platform, delay, signal)
    }
  }
}
