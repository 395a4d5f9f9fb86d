/**
 * The real HTTP server, on node:http, with bounds on everything a peer could make large or slow.
 * node:http comes by getBuiltinModule: importing it as an ES module touches every export, WebSocket's whole client among them (18 ms at start).
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Http, HttpAnswer, HttpRequest } from '../http.ts'
import type { WebSocketService } from '../web-socket.ts'
import type { NodeWebSockets } from './web-socket.ts'

const limits = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 5_000,
}
/** Of those that ask; a WebSocket counts no more once it is one. A crowd of browsers comes back all at once. */
const connectionsMax = 1024
/** An answer that was not taken within this time is given up. */
const answerMillisMax = 30_000

type Answerer = (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>

export const nodeHttp: Http = {
  listen: (address, answer, streams) =>
    new Promise((resolve, reject) => {
      const { createServer } = process.getBuiltinModule('node:http')
      const server = createServer(limits, (request, response) => void serve(request, response, answer))
      const asking = new Asking(server)
      server.setTimeout(answerMillisMax)
      const webSockets = streams && new LateWebSockets(streams)
      server.on('upgrade', (request, socket: Socket, head) => {
        asking.leave(socket)
        if (webSockets) webSockets.upgrade(request, socket, head)
        else socket.destroy()
      })
      server.once('error', reject)
      server.listen({ host: address.host, port: address.port }, () => {
        server.removeListener('error', reject)
        const bound = server.address() as AddressInfo
        resolve({
          address: { host: bound.address, port: bound.port },
          close: () =>
            new Promise((closed) => {
              void webSockets?.close()
              server.close(() => closed())
              server.closeAllConnections()
            }),
        })
      })
    }),
}

/** Connections that are no WebSockets, and their bound. */
class Asking {
  readonly #sockets = new Set<Socket>()

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      if (this.#sockets.size >= connectionsMax) return socket.destroy()
      this.#sockets.add(socket)
      return socket.once('close', () => this.#sockets.delete(socket))
    })
  }

  leave(socket: Socket): void {
    this.#sockets.delete(socket)
    socket.setTimeout(0)
  }
}

/** Who serves WebSockets, and the package that speaks their protocol, are loaded when the first one knocks. */
class LateWebSockets {
  readonly #streams: () => Promise<WebSocketService>
  #service: Promise<WebSocketService> | undefined
  #loading: Promise<NodeWebSockets> | undefined
  #loaded: NodeWebSockets | undefined

  constructor(streams: () => Promise<WebSocketService>) {
    this.#streams = streams
  }

  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    if (this.#loaded) return this.#loaded.upgrade(request, socket, head)
    socket.on('error', () => socket.destroy())
    this.#loading ??= this.#load()
    this.#loading.then(
      (loaded) => loaded.upgrade(request, socket, head),
      () => socket.destroy(),
    )
  }

  async close(): Promise<void> {
    await (await this.#service)?.close()
  }

  async #load(): Promise<NodeWebSockets> {
    this.#service ??= this.#streams()
    const [{ NodeWebSockets: Loaded }, service] = await Promise.all([import('./web-socket.ts'), this.#service])
    this.#loaded = new Loaded(service)
    return this.#loaded
  }
}

async function serve(request: IncomingMessage, response: ServerResponse, answer: Answerer): Promise<void> {
  const { method = '', url = '/' } = request
  response.on('error', () => response.destroy())
  if (hasBody(request)) response.setHeader('connection', 'close')
  if (method !== 'GET' && method !== 'HEAD')
    return send(response, { status: 405, contentType: 'text/plain', body: 'only GET and HEAD\n' }, method)
  send(response, await answered(answer, { method, path: url.split('?', 1)[0] ?? '/' }), method)
}

/** Nothing here reads a body; one that comes is not waited for. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

async function answered(answer: Answerer, request: HttpRequest): Promise<HttpAnswer> {
  try {
    return await answer(request)
  } catch {
    return { status: 500, contentType: 'text/plain', body: 'failed\n' }
  }
}

function send(response: ServerResponse, { status, contentType, body }: HttpAnswer, method: string): void {
  if (response.destroyed) return
  const headers = { 'content-type': contentType, 'content-length': Buffer.byteLength(body), 'cache-control': 'no-store' }
  response.writeHead(status, headers)
  response.end(method === 'HEAD' ? undefined : body)
}
