/**
 * One client behind a proxy of its own, whichever broker it believes to talk to; with others like it, all at once, before one broker.
 * Owns: both, and the count of what the client holds of the world (sockets, timers), which must be nothing once it is closed.
 */
import { ClientError, type ClientPlatform, Stele, type SteleOptions } from '../../../client/index.ts'
import { nodeClientPlatform } from '../../../client/platform/node.ts'
import { FaultProxy } from '../fault-proxy.ts'
import { steadyPause, steadyPlatform } from './steady-clock.ts'

export interface Outcome {
  /** `done`, `hangs`, or the error's code. */
  readonly code: string
  /** What is no Error is told as one. */
  readonly error?: Error
}

/** Far above every limit that a client is given here, and far below its defaults: what takes longer heeds no limit. */
const hangsAfterMs = 15_000
const retry = { initialMs: 5, maxMs: 20 }

export class Cell {
  readonly name: string
  readonly proxy: FaultProxy
  readonly stele: Stele
  /** What calls are given where they take a limit of their own. */
  readonly limitMs: number
  readonly #held: Held

  private constructor(name: string, proxy: FaultProxy, limitMs: number, options: Partial<SteleOptions>) {
    this.name = name
    this.proxy = proxy
    this.limitMs = limitMs
    this.#held = new Held(proxy.port)
    this.stele = new Stele({ bootstrap: proxy.bootstrap, requestTimeoutMs: limitMs, retry, platform: this.#held.platform, ...options })
  }

  static async open(name: string, port: number, limitMs: number, options: Partial<SteleOptions> = {}): Promise<Cell> {
    return new Cell(name, await FaultProxy.start({ target: port }), limitMs, options)
  }

  /** Closes the client. Says what is wrong with how it went, or what is left. */
  async close(): Promise<string[]> {
    const closing = await outcomeOf(this.stele.close())
    const left = await this.#held.left()
    this.proxy.close()
    return [...(closing.code === 'done' ? [] : [`closing: ${closing.code}`]), ...left]
  }
}

/** A platform that leads to one port, and knows what is open. */
class Held {
  readonly platform: ClientPlatform
  readonly #timers = new Map<object, string>()
  #sockets = 0

  constructor(port: number) {
    this.platform = {
      ...steadyPlatform,
      dial: async (host, _port, handler, options) => {
        const closed = (error?: Error) => {
          this.#sockets--
          handler.closed(error)
        }
        const socket = await nodeClientPlatform.dial(host, port, { bytes: (view) => handler.bytes(view), closed }, options)
        this.#sockets++
        return socket
      },
      after: (delay, wake) => {
        const key = {}
        const cancel = steadyPlatform.after(delay, () => {
          this.#timers.delete(key)
          wake()
        })
        this.#timers.set(key, `${delay} ms`)
        return () => {
          this.#timers.delete(key)
          cancel()
        }
      },
    }
  }

  /** What has not ended soon after it should have. */
  async left(): Promise<string[]> {
    for (let turn = 0; turn < 200 && this.#sockets + this.#timers.size > 0; turn++) await steadyPause(2)
    const left = this.#sockets === 0 ? [] : [`${this.#sockets} sockets are left`]
    return [...left, ...[...this.#timers.values()].map((delay) => `a timer of ${delay} is left`)]
  }
}

export async function outcomeOf(act: Promise<unknown>): Promise<Outcome> {
  const { promise: hangs, resolve } = Promise.withResolvers<Outcome>()
  const cancel = steadyPlatform.after(hangsAfterMs, () => resolve({ code: 'hangs' }))
  const ended = act.then(
    (): Outcome => ({ code: 'done' }),
    (thrown: unknown): Outcome => {
      const error = thrown instanceof Error ? thrown : new Error(`thrown: ${JSON.stringify(thrown)}`)
      return { code: error instanceof ClientError ? error.code : 'not a ClientError', error }
    },
  )
  try {
    return await Promise.race([ended, hangs])
  } finally {
    cancel()
  }
}
