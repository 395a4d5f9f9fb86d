/**
 * Tasks in threads of their own, on node:worker_threads: a thread for each, which ends with it and gives its memory back.
 * Threads do not keep the process alive.
 */
import { parentPort, Worker, workerData } from 'node:worker_threads'
import { DiskError } from '../disk.ts'
import type { Task, Work, Workers } from '../workers.ts'
import { nodeClock } from './clock.ts'
import { nodeDisk } from './disk.ts'

type Message =
  | { readonly kind: 'report'; readonly report: unknown }
  | { readonly kind: 'result'; readonly result: unknown }
  | { readonly kind: 'disk error'; readonly code: string; readonly operation: string; readonly path: string }
  | { readonly kind: 'error'; readonly error: unknown }

export const nodeWorkers: Workers = { start: startThread }

function startThread<Input, Report, Result>(
  task: Task<Input, Report, Result>,
  input: Input,
  onReport: (report: Report) => void,
): Work<Result> {
  const { promise, resolve, reject } = Promise.withResolvers<Result | undefined>()
  const worker = new Worker(moduleUrl(task.module), { workerData: input, name: task.module })
  worker.unref()
  let isCancelled = false
  let outcome: (() => void) | undefined
  worker.on('message', (message: Message) => {
    if (isCancelled) return
    if (message.kind === 'report') onReport(message.report as Report)
    else if (message.kind === 'result') outcome = () => resolve(message.result as Result)
    else if (message.kind === 'error') outcome = () => reject(message.error)
    else outcome = () => reject(new DiskError(message.code, message.operation, message.path))
  })
  worker.on('error', (error) => (outcome ??= () => reject(error)))
  worker.on('exit', (code) => {
    if (isCancelled) resolve(undefined)
    else if (outcome) outcome()
    else reject(new Error(`The thread of ${task.module} ended with ${code}, and without a result`))
  })
  return {
    done: promise,
    cancel() {
      isCancelled = true
      void worker.terminate()
    },
  }
}

/** As source, each module is a file; built, those that are served in threads are files beside the bundle. */
function moduleUrl(module: string): URL {
  const here = import.meta.url
  if (here.endsWith('.ts')) return new URL(`../../${module}.ts`, here)
  return new URL(`${module}.js`, here.slice(0, here.lastIndexOf('/broker/') + '/broker/'.length))
}

/**
 * In the thread: runs the task, and tells what comes of it. Between two steps the thread's event loop has its turn: machine code's memory
 * is given back there alone.
 */
export function serveTask<Input, Report, Result>(task: Task<Input, Report, Result>): void {
  const port = parentPort
  if (!port) throw new Error(`${task.module} is served in a thread`)
  const say = (message: Message) => port.postMessage(message)
  const steps = task.run(workerData as Input, { disk: nodeDisk, monotonic: nodeClock.monotonic })
  const next = (): void => {
    try {
      const step = steps.next()
      if (step.done) return say({ kind: 'result', result: step.value })
      const { restMillis, report } = step.value
      if (report !== undefined) say({ kind: 'report', report })
      if (restMillis >= 1) setTimeout(next, restMillis)
      else setImmediate(next)
    } catch (error) {
      if (error instanceof DiskError) say({ kind: 'disk error', code: error.code, operation: error.operation, path: error.path })
      else say({ kind: 'error', error })
    }
  }
  next()
}
