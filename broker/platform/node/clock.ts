/** The real clock. Timers do not keep the process alive: what listens does. */
import { performance } from 'node:perf_hooks'
import type { Clock } from '../clock.ts'

/** Node waits no longer than this at once; what is to wake later is set again on the way. */
const longestMillis = 2 ** 31 - 1

export const nodeClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delay, wake) {
    let left = delay
    const arm = (): NodeJS.Timeout => {
      const timer = setTimeout(left > longestMillis ? rearm : wake, Math.min(left, longestMillis))
      return timer.unref()
    }
    const rearm = () => {
      left -= longestMillis
      timer = arm()
    }
    let timer = arm()
    return { cancel: () => clearTimeout(timer) }
  },
  endOfTurn(run) {
    setImmediate(run)
  },
}
