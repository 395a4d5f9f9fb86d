/** A TCP proxy that cuts connections when a test says so. Owns: the sockets of both sides. */
import { once } from 'node:events'
import * as net from 'node:net'

export class CuttingProxy {
  readonly #server: net.Server
  readonly #sockets = new Set<net.Socket>()
  /** How many have come. */
  connections = 0

  private constructor(server: net.Server) {
    this.#server = server
  }

  static async to(port: number): Promise<CuttingProxy> {
    const server = net.createServer()
    const proxy = new CuttingProxy(server)
    server.on('connection', (near) => proxy.#join(near, net.connect(port, '127.0.0.1')))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port
  }

  /** All that are open break, with whatever was under way. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  close(): void {
    this.#server.close()
    this.cut()
  }

  #join(near: net.Socket, far: net.Socket): void {
    this.connections++
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one)
      one.pipe(other)
      one.on('error', () => undefined)
      one.on('close', () => {
        this.#sockets.delete(one)
        other.destroy()
      })
    }
  }
}
