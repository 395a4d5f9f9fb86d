/** The client's world on Node: sockets and timers. */
import * as net from 'node:net'
import type { ClientPlatform, Socket, SocketHandler } from './dial.ts'

function dial(host: string, port: number, handler: SocketHandler): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, noDelay: true })
    let failure: Error | undefined
    socket.once('connect', () => {
      socket.on('close', () => handler.closed(failure))
      resolve({
        write(chunks, taken) {
          const last = chunks.length - 1
          socket.cork()
          for (const [index, chunk] of chunks.entries()) socket.write(chunk, index === last && taken ? () => taken() : undefined)
          socket.uncork()
        },
        destroy: () => socket.destroy(),
      })
    })
    socket.on('data', (bytes: Buffer) => handler.bytes(bytes))
    socket.on('error', (error) => {
      failure = error
      reject(error)
    })
  })
}

export const nodeClientPlatform: ClientPlatform = {
  dial,
  now: () => Date.now(),
  after(delay, wake) {
    const timer = setTimeout(wake, delay)
    return () => clearTimeout(timer)
  },
}
