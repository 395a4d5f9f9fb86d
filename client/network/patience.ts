/** What may pass (a leader moves, a coordinator loads, a broker restarts) is tried again, for as long as a request may take. */
import { ClientError } from './client-error.ts'
import type { PoolOptions } from './broker-pool.ts'

const retryDelayMs = 100

/** @param onRetry what was known before may be wrong. Throws the last error where none of the attempts succeeds, or trying again is no use. */
export async function patiently<T>(
  { platform, requestTimeoutMs }: PoolOptions,
  act: () => Promise<T>,
  onRetry: () => void = () => {},
): Promise<T> {
  const deadline = platform.now() + requestTimeoutMs
  for (;;) {
    try {
      return await act()
    } catch (error) {
      if (!(error instanceof ClientError) || !error.retriable || platform.now() >= deadline) throw error
      onRetry()
      await new Promise<void>((resolve) => platform.after(retryDelayMs, resolve))
    }
  }
}
