/**
 * Virtual time: one event after another, each run to the end of all the promises it settled.
 * Owns: the time, the queue, and the one real thing in here, Node's microtask queue, which is empty between two events because each event
 * runs in a setImmediate of its own.
 * Never: skips an event, looks at a real clock, or lets two events overlap.
 */
import { EventQueue, type SimulatedEvent } from './event-queue.ts'
import type { SeededRandom } from './random.ts'
import type { Trace } from './trace.ts'

export type Micros = number

export class Scheduler {
  readonly #queue = new EventQueue()
  readonly #random: SeededRandom
  readonly trace: Trace
  #now: Micros = 0
  #age = 0
  #events = 0
  #failure: { error: unknown } | undefined

  constructor(random: SeededRandom, trace: Trace) {
    this.#random = random
    this.trace = trace
  }

  get now(): Micros {
    return this.#now
  }

  /** Events run so far. */
  get events(): number {
    return this.#events
  }

  get pending(): number {
    return this.#queue.length
  }

  at(time: Micros, label: string, run: () => void, phase: 0 | 1 = 0): SimulatedEvent {
    const at = Math.max(this.#now, Math.round(time))
    const event: SimulatedEvent = { at, phase, tie: this.#random.next(), age: this.#age++, label, run }
    this.#queue.push(event)
    return event
  }

  after(delay: Micros, label: string, run: () => void): SimulatedEvent {
    return this.at(this.#now + delay, label, run)
  }

  cancel(event: SimulatedEvent): void {
    event.run = undefined
  }

  /** The run ends with this error after the event that is under way. The first one counts. */
  fail(error: unknown): void {
    this.#failure ??= { error }
  }

  /**
   * Runs events until `done` says so, or none is left. `check` is called after every event and what it settled.
   * Rejects with the first failure: of an event, of a check, or of a promise that nobody handles.
   */
  run(done: () => boolean, check: () => void): Promise<void> {
    const onRejection = (reason: unknown): void => this.#onStray(reason)
    process.on('unhandledRejection', onRejection)
    process.on('uncaughtException', onRejection)
    return new Promise<void>((resolve, reject) => {
      const turn = (): void => {
        try {
          if (!this.#failure) check()
        } catch (error) {
          this.fail(error)
        }
        if (this.#failure) return reject(this.#failure.error)
        if (done() || !this.#step()) return resolve()
        setImmediate(turn)
      }
      setImmediate(turn)
    }).finally(() => {
      process.removeListener('unhandledRejection', onRejection)
      process.removeListener('uncaughtException', onRejection)
    })
  }

  /** An error that reached the event loop: of a process that died, it is nothing; else it would have stopped the process. */
  #onStray(reason: unknown): void {
    if (!(reason instanceof Crashed)) this.fail(reason)
  }

  /** Runs the next event that was not cancelled; false: there is none. */
  #step(): boolean {
    for (;;) {
      const event = this.#queue.pop()
      if (!event) return false
      const run = event.run
      if (!run) continue
      event.run = undefined
      this.#now = event.at
      this.#events++
      this.trace.event(event.at, event.label)
      try {
        run()
      } catch (error) {
        if (!(error instanceof Crashed)) this.fail(error)
      }
      return true
    }
  }
}

/** Thrown into a process that has just died, to unwind it. Nothing it does after that reaches the world. */
export class Crashed extends Error {
  constructor(name: string) {
    super(`${name} is dead`)
    this.name = 'Crashed'
  }
}
