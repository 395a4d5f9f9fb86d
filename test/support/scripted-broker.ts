/**
 * A broker that is no more than a script: what it serves, and what it answers to each request, in the order of requests.
 * Owns: its port and sockets. For what no real broker does on demand.
 */
import { once } from 'node:events'
import * as net from 'node:net'
import { FrameCutter } from '../../client/protocol/frame.ts'
import { decodeRequestHeader, encodeResponse, type RequestHeader } from '../../client/protocol/header.ts'
import { ApiVersionsResponse } from '../../client/protocol/messages/api-versions.ts'

export interface ScriptedRequest {
  readonly header: RequestHeader
  readonly frame: Buffer
  readonly socket: net.Socket
}

/** Chunks to be written, with their size; undefined: no answer. */
export type Script = (request: ScriptedRequest) => readonly Uint8Array[] | undefined | Promise<readonly Uint8Array[] | undefined>

const apiVersionsKey = 18

export class ScriptedBroker {
  readonly #server: net.Server
  readonly #sockets = new Set<net.Socket>()
  /** API keys, in the order in which they came. */
  readonly asked: number[] = []

  private constructor(server: net.Server) {
    this.#server = server
  }

  /** @param serves API keys with the highest version of each. */
  static async start(script: Script, serves: Readonly<Record<number, number>>): Promise<ScriptedBroker> {
    const server = net.createServer()
    const broker = new ScriptedBroker(server)
    server.on('connection', (socket) => broker.#join(socket, script, serves))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return broker
  }

  /** One that speaks another language. */
  static async stranger(greet: (socket: net.Socket) => void): Promise<ScriptedBroker> {
    const server = net.createServer()
    const broker = new ScriptedBroker(server)
    server.on('connection', (socket) => {
      broker.#keep(socket)
      greet(socket)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return broker
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port
  }

  get bootstrap(): string {
    return `127.0.0.1:${this.port}`
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #keep(socket: net.Socket): void {
    this.#sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => undefined)
    socket.on('close', () => this.#sockets.delete(socket))
  }

  #join(socket: net.Socket, script: Script, serves: Readonly<Record<number, number>>): void {
    this.#keep(socket)
    const cutter = new FrameCutter({ bytesMax: 2 ** 24 })
    let turn: Promise<void> = Promise.resolve()
    const take = (frame: Buffer) => {
      const kept = Buffer.from(frame)
      const header = decodeRequestHeader(kept)
      this.asked.push(header.apiKey)
      turn = turn.then(async () => {
        const chunks = (await script({ header, frame: kept, socket })) ?? this.#usual(header, serves)
        for (const chunk of chunks) if (!socket.destroyed) socket.write(chunk)
      })
    }
    socket.on('data', (bytes: Buffer) => cutter.push(bytes, take))
  }

  #usual({ apiKey, apiVersion, correlationId }: RequestHeader, serves: Readonly<Record<number, number>>): readonly Uint8Array[] {
    if (apiKey !== apiVersionsKey) return []
    const served = { [apiVersionsKey]: 3, ...serves }
    const apiKeys = Object.entries(served).map(([key, maxVersion]) => ({ apiKey: Number(key), minVersion: 0, maxVersion }))
    return encodeResponse(ApiVersionsResponse, apiVersion, correlationId, { errorCode: 0, apiKeys })
  }
}
