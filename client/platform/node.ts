/** The client's world on Node: sockets, TLS, timers and chance. */
import { randomBytes } from 'node:crypto'
import * as net from 'node:net'
import * as tls from 'node:tls'
import type { ClientPlatform, DialOptions, Socket, SocketHandler, TlsOptions } from './dial.ts'

/** A peer that is gone without a word is noticed so long after it last spoke, at the earliest. */
const keepAliveDelayMs = 30_000
const readBytes = 128 * 1024
/** The largest that glibc learns from (32 MiB), with room for what it writes beside it. */
const keptBytes = 32 * 1024 * 1024 - 65_536

function dial(host: string, port: number, handler: SocketHandler, { tls: secure, signal }: DialOptions = {}): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new Error('nobody waits for it any more'))
    keepFreedMemory()
    const socket = secure ? tls.connect(secureOptions(host, port, secure)) : net.connect({ host, port, onread: readInto(handler) })
    socket.setNoDelay(true)
    socket.setKeepAlive(true, keepAliveDelayMs)
    const giveUp = () => socket.destroy(new Error('nobody waits for it any more'))
    signal?.addEventListener('abort', giveUp, { once: true })
    let failure: Error | undefined
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      signal?.removeEventListener('abort', giveUp)
      socket.on('close', () => handler.closed(failure))
      resolve(portOf(socket))
    })
    if (secure) socket.on('data', (bytes: Buffer) => handler.bytes(bytes))
    socket.on('error', (error) => {
      failure = error
      signal?.removeEventListener('abort', giveUp)
      reject(error)
    })
  })
}

/** One buffer for all that comes: what is kept is copied out of it anyway, and to allocate one for each read costs more than that. */
function readInto(handler: SocketHandler): net.OnReadOpts {
  const buffer = Buffer.allocUnsafeSlow(readBytes)
  return {
    buffer,
    callback(count) {
      handler.bytes(buffer.subarray(0, count))
      return true
    },
  }
}

let isMemoryKept = false

/**
 * Answers of a megabyte come and go, and glibc gives such memory back to the system each time: to fault it in again cost half of what
 * reading records of 1 KiB did. Once a large block has been freed it keeps what is freed, up to twice as much. Elsewhere this does nothing.
 */
function keepFreedMemory(): void {
  if (isMemoryKept) return
  isMemoryKept = true
  new ArrayBuffer(keptBytes).transfer(0)
}

function portOf(socket: net.Socket): Socket {
  return {
    write(chunks, taken) {
      const last = chunks.length - 1
      socket.cork()
      for (const [index, chunk] of chunks.entries()) socket.write(chunk, index === last && taken ? () => taken() : undefined)
      socket.uncork()
    },
    destroy: () => void socket.destroy(),
  }
}

function secureOptions(host: string, port: number, { ca, cert, key, passphrase, servername, rejectUnauthorized }: TlsOptions) {
  const bytesOf = (given: string | Uint8Array): string | Buffer => (typeof given === 'string' ? given : Buffer.from(given))
  const trusted =
    ca === undefined ? undefined : (Array.isArray(ca) ? (ca as (string | Uint8Array)[]) : [ca as string | Uint8Array]).map(bytesOf)
  // An address is no name to ask for; what the certificate must say is then the address.
  const name = servername ?? (net.isIP(host) ? undefined : host)
  return {
    host,
    port,
    rejectUnauthorized: rejectUnauthorized ?? true,
    ...(trusted && { ca: trusted }),
    ...(cert !== undefined && { cert: bytesOf(cert) }),
    ...(key !== undefined && { key: bytesOf(key) }),
    ...(passphrase !== undefined && { passphrase }),
    ...(name !== undefined && { servername: name }),
  }
}

export const nodeClientPlatform: ClientPlatform = {
  dial,
  now: () => Date.now(),
  after(delay, wake) {
    const timer = setTimeout(wake, delay)
    return () => clearTimeout(timer)
  },
  random: () => Math.random(),
  randomBytes: (count) => randomBytes(count),
}
