/** How long to wait before something is tried again: twice as long each time, give or take a fifth, so that many clients do not come at once. */

export interface RetryOptions {
  readonly initialMs: number
  readonly maxMs: number
}

export const defaultRetry: RetryOptions = { initialMs: 100, maxMs: 1000 }

/** Of a client: what it was told to wait with, and by its own chance. */
export interface Retrying {
  readonly retry?: RetryOptions | undefined
  readonly platform: { random(): number }
}

const jitter = 0.2
const doublingsMax = 20

/** @param attempt how many have failed: 1 after the first. @param random from 0 to below 1. */
export function backoffMs({ initialMs, maxMs }: RetryOptions, attempt: number, random: number): number {
  const base = Math.min(maxMs, initialMs * 2 ** Math.min(attempt - 1, doublingsMax))
  return Math.round(base * (1 - jitter + 2 * jitter * random))
}

/** @param attempt how many have failed: 1 after the first. */
export function retryDelayMs({ retry = defaultRetry, platform }: Retrying, attempt: number): number {
  return backoffMs(retry, attempt, platform.random())
}
