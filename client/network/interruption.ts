/** Waits that end early: by a signal, or by time. What is waited for goes on; nobody hears of it. */
import type { ClientPlatform } from '../platform/dial.ts'
import { ClientError } from './client-error.ts'

function aborted(signal: AbortSignal): ClientError {
  return new ClientError('ABORTED', 'aborted by its signal', { cause: signal.reason })
}

/** Throws a ClientError (ABORTED) where the signal has been given. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted(signal)
}

/** The promise's outcome, or ABORTED if the signal comes first. */
export async function interruptible<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  if (signal.aborted) {
    promise.catch(() => undefined)
    throw aborted(signal)
  }
  const { promise: interrupted, reject } = Promise.withResolvers<never>()
  const interrupt = () => reject(aborted(signal))
  signal.addEventListener('abort', interrupt, { once: true })
  try {
    return await Promise.race([promise, interrupted])
  } finally {
    signal.removeEventListener('abort', interrupt)
  }
}

/** The promise's outcome, or the error that `late` makes if it takes longer than this. */
export async function within<T>(promise: Promise<T>, millis: number, platform: ClientPlatform, late: () => Error): Promise<T> {
  const { promise: expired, reject } = Promise.withResolvers<never>()
  const cancel = platform.after(millis, () => reject(late()))
  try {
    return await Promise.race([promise, expired])
  } finally {
    cancel()
  }
}

/** Lets time pass. Throws ABORTED as soon as the signal comes. */
export async function pause(platform: ClientPlatform, millis: number, signal?: AbortSignal): Promise<void> {
  throwIfAborted(signal)
  let cancel = () => {}
  const passed = new Promise<void>((resolve) => {
    cancel = platform.after(millis, resolve)
  })
  try {
    await interruptible(passed, signal)
  } finally {
    cancel()
  }
}
