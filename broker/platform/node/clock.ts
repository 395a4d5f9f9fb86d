/** The real clock. Timers do not keep the process alive: what listens does. */
import { performance } from 'node:perf_hooks'
import type { Clock } from '../clock.ts'

export const nodeClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delay, wake) {
    const timer = setTimeout(wake, delay)
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
  endOfTurn(run) {
    setImmediate(run)
  },
}
