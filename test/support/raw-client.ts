/**
 * The barest client: frames to a broker, frames back, in any version of any API, with nothing made right on the way.
 */
import { once } from 'node:events'
import * as net from 'node:net'
import { decode } from '../../client/protocol/compile.ts'
import { FrameCutter } from '../../client/protocol/frame.ts'
import { decodeResponseHeader, encodeRequest } from '../../client/protocol/header.ts'
import type { Input, Message, Of } from '../../client/protocol/schema.ts'

export class RawClient {
  readonly socket: net.Socket
  readonly #cutter = new FrameCutter({ bytesMax: 2 ** 30 })
  readonly #frames: Buffer[] = []
  readonly #waiting: ((frame: Buffer | undefined) => void)[] = []
  #correlationId = 0

  private constructor(socket: net.Socket) {
    this.socket = socket
    socket.on('data', (bytes: Buffer) => this.#cutter.push(bytes, (frame) => this.#arrived(Buffer.from(frame))))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      for (const wake of this.#waiting.splice(0)) wake(undefined)
    })
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = net.connect({ host: '127.0.0.1', port, noDelay: true })
    await once(socket, 'connect')
    return new RawClient(socket)
  }

  write(bytes: Buffer): void {
    this.socket.write(bytes)
  }

  /** The next frame, without its size; undefined where the broker closed instead. */
  frame(): Promise<Buffer | undefined> {
    const ready = this.#frames.shift()
    if (ready) return Promise.resolve(ready)
    if (this.socket.destroyed) return Promise.resolve(undefined)
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Sends one request and gives its answer; undefined where the broker closed instead. */
  async ask<Q extends Message, S extends Message>(request: Q, response: S, version: number, body: Input<Q>): Promise<Of<S> | undefined> {
    const correlationId = ++this.#correlationId
    for (const chunk of encodeRequest(request, version, { correlationId, clientId: 'raw' }, body)) this.socket.write(chunk)
    const frame = await this.frame()
    if (!frame) return undefined
    const header = decodeResponseHeader(frame, request.key, version)
    if (header.correlationId !== correlationId) throw new Error(`answer ${header.correlationId} came for request ${correlationId}`)
    return decode(response, version, frame, header.size)
  }

  close(): void {
    this.socket.destroy()
  }

  #arrived(frame: Buffer): void {
    const wake = this.#waiting.shift()
    if (wake) wake(frame)
    else this.#frames.push(frame)
  }
}
