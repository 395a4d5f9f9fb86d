/**
 * The real network, on node:net.
 * Owns: sockets, and the one receive buffer that all connections of a process share (4x cheaper than a fresh Buffer per read).
 * A read's bytes are handed out synchronously and copied by whoever keeps them, so sharing is safe.
 */
import * as net from 'node:net'
import { hostname } from 'node:os'
import type { Address, Connection, ConnectionHandler, Listener, Network } from '../network.ts'

const receiveBufferBytes = 256 * 1024
const receiveBuffer = Buffer.allocUnsafeSlow(receiveBufferBytes)

/** Past this much unsent, `write` says false. The kernel's own socket buffer comes on top. */
const writeHighWaterBytes = 1024 * 1024

/** A peer that vanished without a word is found out by the kernel's probes after this long in silence. */
const keepAliveMillis = 60_000

interface OnRead {
  buffer: Buffer
  callback(count: number, view: Buffer): boolean
}

/**
 * node:net offers the static receive buffer to clients only. A server's socket gets one by wrapping the accepted handle
 * anew; `_handle` is not public, so where it is missing the ordinary 'data' events serve.
 */
function withStaticBuffer(accepted: net.Socket, onread: OnRead): net.Socket {
  const holder = accepted as unknown as { _handle: unknown }
  const handle = holder._handle
  if (!handle) return accepted
  holder._handle = null
  // The shell that is left would count as an open connection for ever.
  accepted.destroy()
  const options = { handle, onread, highWaterMark: writeHighWaterBytes, writableHighWaterMark: writeHighWaterBytes }
  return new net.Socket(options as unknown as net.SocketConstructorOpts)
}

class NodeConnection implements Connection {
  readonly remote: Address
  readonly local: Address
  readonly #socket: net.Socket

  constructor(socket: net.Socket) {
    this.#socket = socket
    this.remote = { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }
    this.local = { host: socket.localAddress ?? '', port: socket.localPort ?? 0 }
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength
  }

  write(chunks: readonly Uint8Array[], sent?: () => void): boolean {
    const socket = this.#socket
    if (socket.destroyed || socket.writableEnded) {
      sent?.()
      return true
    }
    if (chunks.length === 1) return socket.write(chunks[0] as Uint8Array, sent)
    socket.cork()
    const last = chunks.length - 1
    let room = true
    for (let index = 0; index <= last; index++) room = socket.write(chunks[index] as Uint8Array, index === last ? sent : undefined)
    socket.uncork()
    return room
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}

function take(accepted: net.Socket, accept: (connection: Connection) => ConnectionHandler): void {
  let handler: ConnectionHandler | undefined
  const socket = withStaticBuffer(accepted, {
    buffer: receiveBuffer,
    callback(count, view) {
      handler?.bytes(view.subarray(0, count))
      return true
    },
  })
  socket.setNoDelay(true)
  socket.setKeepAlive(true, keepAliveMillis)
  const connection = new NodeConnection(socket)
  let failure: Error | undefined
  handler = accept(connection)
  if (socket === accepted) socket.on('data', (bytes: Buffer) => handler.bytes(bytes))
  socket.on('drain', () => handler.drained())
  socket.on('error', (error) => {
    failure = error
  })
  socket.on('end', () => socket.end())
  socket.on('close', () => handler.closed(failure))
  socket.resume()
}

export const nodeNetwork: Network = {
  get hostName() {
    return hostname()
  },
  listen: (address, accept) =>
    new Promise((resolve, reject) => {
      const server = net.createServer({ pauseOnConnect: true, noDelay: true }, (socket) => take(socket, accept))
      server.once('error', reject)
      server.listen({ host: address.host, port: address.port, backlog: 1024 }, () => {
        server.removeListener('error', reject)
        const bound = server.address() as net.AddressInfo
        const listener: Listener = {
          address: { host: bound.address, port: bound.port },
          close: () => new Promise((closed) => server.close(() => closed())),
        }
        resolve(listener)
      })
    }),
}
