/**
 * A browser's page in the simulated world: the browser's own client, on simulated time and sockets.
 * Owns: its process. A page that dies says nothing more, and its sockets break.
 */
import { StreamClient } from '../../../client/stream/stream-client.ts'
import { SimulatedClock, type WallClock } from '../platform/clock.ts'
import { SimulatedProcess } from '../platform/process.ts'
import type { SeededRandom } from '../platform/random.ts'
import type { Scheduler } from '../platform/scheduler.ts'
import type { SimulatedWebSockets } from '../platform/web-socket.ts'

/** Where pages live. */
export interface PageSurroundings {
  readonly scheduler: Scheduler
  readonly sockets: SimulatedWebSockets
  readonly wall: WallClock
  readonly random: SeededRandom
}

export class StreamPage {
  readonly client: StreamClient
  readonly random: SeededRandom
  /** Resolves when it dies. */
  readonly dead: Promise<void>
  readonly #process: SimulatedProcess
  readonly #scheduler: Scheduler

  constructor(name: string, { scheduler, sockets, wall, random }: PageSurroundings) {
    const process = new SimulatedProcess(scheduler, name, name)
    const clock = new SimulatedClock(process, wall)
    const own = random.fork(name)
    this.random = own
    this.#process = process
    this.#scheduler = scheduler
    this.dead = new Promise((resolve) => void process.atDeath(resolve))
    const platform = {
      now: () => clock.now(),
      after: (delay: number, wake: () => void) => {
        const timer = clock.after(delay, wake)
        return () => timer.cancel()
      },
      fraction: () => own.fraction(),
      connect: (_url: string, subprotocol: string, handler: Parameters<SimulatedWebSockets['connect']>[2]) =>
        sockets.connect(process, subprotocol, handler),
    }
    this.client = new StreamClient({ url: 'ws://broker', retry: { initialMs: 10, maxMs: 500 } }, platform)
  }

  get name(): string {
    return this.#process.name
  }

  kill(): void {
    this.#process.kill()
  }

  sleep(micros: number): Promise<void> {
    return new Promise((resolve) => void this.#scheduler.after(micros, 'sleep', resolve))
  }
}
