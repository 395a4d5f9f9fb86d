/**
 * One consumer over WebSocket, as light as can be, so that many of them fit in a process: takes batches as they are stored, and takes them apart.
 * Owns: its socket. It grants credit for what it has taken.
 */
import { WebSocket } from 'ws'
import { BenchError } from '../bench-error.ts'
import { codecs } from '../../client/protocol/stream/client-messages.ts'
import { streamPath, subprotocols } from '../../client/protocol/stream/endpoint.ts'
import { decodeMsgpack, encodeMsgpack } from '../../client/protocol/stream/msgpack.ts'
import type { ServerMessage } from '../../client/protocol/stream/server-messages.ts'
import { readRecords } from '../../client/records/record.ts'
import { stampOf } from './stamp.ts'

const creditBytes = 4 * 1024 * 1024
/** What a record counts beside its key, value and headers. */
const recordCreditBytes = 16

export class StreamReader {
  readonly begun: Promise<void>
  readonly #socket: WebSocket
  readonly #got: (bytes: number, due: number) => void
  readonly #closed: Promise<void>
  #taken = 0

  constructor(http: string, topic: string, got: (bytes: number, due: number) => void) {
    this.#got = got
    this.#socket = new WebSocket(`ws://${http}${streamPath}`, subprotocols.msgpack, { perMessageDeflate: false })
    this.#socket.binaryType = 'nodebuffer'
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.begun = promise
    this.#closed = new Promise((settle) => this.#socket.on('close', () => settle()))
    this.#socket.on('error', (error) => reject(new BenchError(`no stream at ws://${http}${streamPath}: ${error.message || String(error)}`)))
    this.#socket.on('close', (code, reason) => reject(new BenchError(`the stream was closed: ${code} ${reason.toString()}`)))
    this.#socket.on('open', () => {
      this.#say({ type: 'hello', client: 'stele-bench', decodes: codecs })
      this.#say({ type: 'subscribe', subscription: 1, topics: [topic], from: 'end', credit: { bytes: creditBytes } })
    })
    this.#socket.on('message', (frame: Buffer) => this.#heard(decodeMsgpack(frame) as ServerMessage, resolve))
  }

  #heard(message: ServerMessage, begun: () => void): void {
    if (message.type === 'subscribed') begun()
    else if (message.type === 'ping') this.#say({ type: 'pong' })
    else if (message.type === 'error') this.#socket.close(1000, message.code)
    else if (message.type === 'records') {
      for (const { value } of message.records) {
        this.#give(value)
        this.#taken += (value?.length ?? 0) + recordCreditBytes
      }
    } else if (message.type === 'batches') {
      const { batches, first } = message
      for (const { records } of readRecords(Buffer.from(batches.buffer, batches.byteOffset, batches.length))) {
        for (const { offset, value } of records) if (offset >= first) this.#give(value)
      }
      this.#taken += batches.length
    }
    if (this.#taken < creditBytes / 4) return
    this.#say({ type: 'credit', subscription: 1, bytes: this.#taken })
    this.#taken = 0
  }

  #give(value: Uint8Array | null): void {
    this.#got(value?.length ?? 0, stampOf(value))
  }

  #say(message: object): void {
    this.#socket.send(encodeMsgpack(message))
  }

  async close(): Promise<void> {
    this.#socket.close()
    await this.#closed
  }
}
