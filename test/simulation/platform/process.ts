/**
 * A process in the simulated world: it lives, it is busy, it dies.
 * Whatever reaches a process comes through `deliver`, so that nothing runs in a dead one, and nothing interrupts a busy one.
 */
import { Crashed, type Micros, type Scheduler } from './scheduler.ts'

export interface Cancellable {
  cancel(): void
}

export class SimulatedProcess {
  readonly name: string
  /** The machine's address: what other processes dial, and what a network partition cuts off. */
  readonly host: string
  readonly scheduler: Scheduler
  readonly #atDeath = new Set<() => void>()
  #alive = true
  /** The process is in a blocking call until then: its own time runs ahead of the world's. */
  #busyUntil: Micros = 0
  /** Dies at this many disk operations from now. */
  #operationsLeft = Number.POSITIVE_INFINITY

  constructor(scheduler: Scheduler, name: string, host: string) {
    this.scheduler = scheduler
    this.name = name
    this.host = host
  }

  get alive(): boolean {
    return this.#alive
  }

  /** The time as this process has it: ahead of the world's while it blocks. */
  get now(): Micros {
    return Math.max(this.scheduler.now, this.#busyUntil)
  }

  /** A blocking call took this long. */
  block(duration: Micros): void {
    this.#busyUntil = this.now + duration
  }

  /** Runs `act` in this process at its time or as soon as it is not busy, if it still lives. */
  deliver(at: Micros, label: string, act: () => void, phase: 0 | 1 = 0): Cancellable {
    let event = this.scheduler.at(at, label, () => run(), phase)
    const run = (): void => {
      if (!this.#alive) return
      if (this.#busyUntil > this.scheduler.now) event = this.scheduler.at(this.#busyUntil, label, run, phase)
      else this.#perform(act)
    }
    return { cancel: () => this.scheduler.cancel(event) }
  }

  /** An error that leaves `act` while the process lives would have stopped the real one. */
  #perform(act: () => void): void {
    try {
      act()
    } catch (error) {
      if (this.#alive && !(error instanceof Crashed)) this.scheduler.fail(error)
    }
  }

  /** Calls `act` when the process dies: the system takes back what it held. */
  atDeath(act: () => void): () => void {
    this.#atDeath.add(act)
    return () => this.#atDeath.delete(act)
  }

  /** At once, wherever it is: SIGKILL. */
  kill(): void {
    if (!this.#alive) return
    this.#alive = false
    this.scheduler.trace.line(() => `${this.name} dies`)
    for (const act of this.#atDeath) act()
    this.#atDeath.clear()
  }

  /** Arms a death in the middle of the `operations`-th disk operation from now. */
  dieAtDiskOperation(operations: number): void {
    this.#operationsLeft = operations
  }

  /** Every disk operation begins here. True: it is the fatal one, to be done in part or not at all, and then `Crashed` thrown. */
  enterDiskOperation(): boolean {
    if (!this.#alive) throw new Crashed(this.name)
    this.#operationsLeft--
    if (this.#operationsLeft > 0) return false
    this.kill()
    return true
  }
}
