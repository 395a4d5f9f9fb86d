/** TLS before a broker that has none: takes it off, and hands the bytes on. Owns: its port and sockets. */
import { once } from 'node:events'
import * as net from 'node:net'
import * as tls from 'node:tls'

export class TlsFront {
  readonly #server: tls.Server
  readonly #sockets = new Set<net.Socket>()
  target = 0

  private constructor(server: tls.Server) {
    this.#server = server
  }

  static async start(options: tls.TlsOptions): Promise<TlsFront> {
    const server = tls.createServer(options)
    const front = new TlsFront(server)
    server.on('secureConnection', (near) => front.#join(near))
    server.on('tlsClientError', (_, socket) => socket.destroy())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return front
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #join(near: net.Socket): void {
    const far = net.connect(this.target, '127.0.0.1')
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one)
      one.on('error', () => undefined)
      one.on('close', () => {
        this.#sockets.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  }
}
