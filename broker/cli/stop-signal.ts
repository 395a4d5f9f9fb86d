/**
 * Being asked to stop: SIGINT, SIGTERM or SIGHUP. The first is a wish, which the command meets in good order; a second ends it at once.
 * Made before anything is begun, so that a signal is safe at any moment.
 */
import { Exit } from './exit.ts'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export interface StopSignal {
  readonly requested: boolean
  /** Resolves at the first signal. */
  readonly request: Promise<void>
}

export function stopSignal(): StopSignal {
  const { promise, resolve } = Promise.withResolvers<void>()
  const stop = { requested: false, request: promise }
  const received = () => {
    if (stop.requested) process.exit(Exit.failed)
    stop.requested = true
    resolve()
  }
  for (const signal of signals) process.on(signal, received)
  return stop
}
