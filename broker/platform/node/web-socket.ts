/**
 * WebSocket on node:http's upgrades, by the ws package. Without compression: records that compress well are compressed in their batches.
 * Whole frames go to the socket past ws, which then is between two messages: nothing is compressed, so it queues nothing of its own.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import type { WebSocketHandler, WebSocketPeer, WebSocketService } from '../web-socket.ts'

/** A control frame holds 125 bytes, and the code takes two. */
const reasonBytesMax = 123
/** One that was told to close and doesn't is cut off. */
const closeMillisMax = 2_000

export class NodeWebSockets {
  readonly #service: WebSocketService
  readonly #server: WebSocketServer

  constructor(service: WebSocketService) {
    this.#service = service
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: service.messageBytesMax,
      handleProtocols: (offered) => offered.values().next().value ?? false,
    })
  }

  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const { headers, url = '/' } = request
    const subprotocols = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
    const admitted = this.#service.admit({
      path: url.split('?', 1)[0] ?? '/',
      origin: headers.origin,
      host: headers.host,
      subprotocols: subprotocols.filter((name) => name !== ''),
      peer: socket.remoteAddress ?? '',
    })
    if (typeof admitted === 'number') return refuse(socket, admitted)
    // The server answers with the one that was chosen.
    headers['sec-websocket-protocol'] = admitted.subprotocol
    this.#server.handleUpgrade(request, socket, head, (webSocket) => attend(webSocket, socket, admitted.open.bind(admitted)))
  }
}

const reasons: Readonly<Record<number, string>> = { 400: 'Bad Request', 403: 'Forbidden', 404: 'Not Found', 503: 'Service Unavailable' }

export function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} ${reasons[status] ?? 'Refused'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

/** What the broker has of one connection. */
class NodePeer implements WebSocketPeer {
  readonly #webSocket: WebSocket
  readonly #socket: Socket

  constructor(webSocket: WebSocket, socket: Socket) {
    this.#webSocket = webSocket
    this.#socket = socket
  }

  send(message: Uint8Array | string): void {
    if (this.#webSocket.readyState === this.#webSocket.OPEN) this.#webSocket.send(message)
  }

  sendFrame(frame: Uint8Array): void {
    if (this.#webSocket.readyState === this.#webSocket.OPEN) this.#socket.write(frame)
  }

  get unsentBytes(): number {
    return this.#socket.writableLength
  }

  close(code: number, reason: string): void {
    this.#webSocket.close(code, shortened(reason))
    setTimeout(() => this.#webSocket.terminate(), closeMillisMax).unref()
  }
}

/** Listeners are the same functions for all connections, and find whom to tell by this: there are thousands, and most of them only wait. */
const handlerKey = Symbol('handler')

function handlerOf(emitter: object): WebSocketHandler | undefined {
  return (emitter as { [handlerKey]?: WebSocketHandler })[handlerKey]
}

const listeners = {
  message(this: object, data: unknown, isBinary: boolean): void {
    handlerOf(this)?.message(isBinary ? (data as Buffer) : (data as Buffer).toString('utf8'))
  },
  heard(this: object): void {
    handlerOf(this)?.heard()
  },
  /** It closes by itself, with the code that says what is wrong. */
  error(): void {},
  closed(this: object): void {
    handlerOf(this)?.closed()
  },
  drained(this: object): void {
    handlerOf(this)?.drained()
  },
}

function attend(webSocket: WebSocket, socket: Socket, open: Opened): void {
  socket.setNoDelay(true)
  const handler = { [handlerKey]: open(new NodePeer(webSocket, socket)) }
  Object.assign(webSocket, handler)
  Object.assign(socket, handler)
  webSocket.binaryType = 'nodebuffer'
  webSocket.on('message', listeners.message)
  webSocket.on('ping', listeners.heard)
  webSocket.on('pong', listeners.heard)
  webSocket.on('error', listeners.error)
  webSocket.on('close', listeners.closed)
  socket.on('drain', listeners.drained)
}

/** As long as the frame that carries it allows, cut between characters. */
function shortened(reason: string): string {
  let text = reason.slice(0, reasonBytesMax)
  while (Buffer.byteLength(text) > reasonBytesMax) text = text.slice(0, -1)
  return text.toWellFormed()
}

type Opened = Extract<ReturnType<WebSocketService['admit']>, object>['open']
