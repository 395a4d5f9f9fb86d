/**
 * Notices that a broker is gone: that for some seconds on end nobody has listened where it was. Its clients go on trying for minutes, as they should.
 * Owns: a timer, and one connection at a time, which says nothing. A broker that is only slow takes it, and is not gone.
 */
import { connect } from 'node:net'
import { BenchError } from '../bench-error.ts'

const askMillis = 1000
const refusalsMax = 3

export class Presence {
  /** Rejects with a BenchError once it is gone; never resolves. */
  readonly gone: Promise<never>
  readonly #timer: NodeJS.Timeout

  /** @param bootstrap `host:port`. */
  constructor(bootstrap: string) {
    const { promise, reject } = Promise.withResolvers<never>()
    this.gone = promise
    promise.catch(() => undefined)
    const at = bootstrap.lastIndexOf(':')
    const where = { host: bootstrap.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(bootstrap.slice(at + 1)) }
    let refusals = 0
    let isAsking = false
    this.#timer = setInterval(() => {
      if (isAsking) return
      isAsking = true
      const socket = connect(where, () => {
        refusals = 0
        socket.destroy()
      })
      socket.on('error', ({ message }) => {
        if (++refusals >= refusalsMax) reject(new BenchError(`${bootstrap} is gone: ${message}`))
      })
      socket.on('close', () => (isAsking = false))
    }, askMillis)
  }

  end(): void {
    clearInterval(this.#timer)
  }
}
