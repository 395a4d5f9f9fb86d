/** Workers for tests and the simulator: a task's steps run in the broker's own thread, one at a time, in the clock's time. */
import type { Clock } from '../../../broker/platform/clock.ts'
import type { Disk } from '../../../broker/platform/disk.ts'
import type { Task, Work, Workers } from '../../../broker/platform/workers.ts'

/** What a step takes, besides what its disk operations do. */
const stepMillis = 1

export function steppedWorkers(disk: Disk, clock: Clock): Workers {
  return {
    start<Input, Report, Result>(task: Task<Input, Report, Result>, input: Input, onReport: (report: Report) => void): Work<Result> {
      const { promise, resolve, reject } = Promise.withResolvers<Result | undefined>()
      const steps = task.run(structuredClone(input), { disk, monotonic: () => clock.monotonic() })
      let timer = clock.after(stepMillis, next)
      function next(): void {
        try {
          const step = steps.next()
          if (step.done) return resolve(structuredClone(step.value))
          const { report, restMillis } = step.value
          if (report !== undefined) onReport(structuredClone(report))
          timer = clock.after(stepMillis + restMillis, next)
        } catch (error) {
          reject(error)
        }
      }
      return {
        done: promise,
        cancel() {
          timer.cancel()
          // A dead process closes its files by dying.
          steps.return(undefined as never)
          resolve(undefined)
        },
      }
    },
  }
}
