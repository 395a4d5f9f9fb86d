/**
 * The broker over WebSocket: who may open a stream, and what all streams share.
 * Owns: the open streams, their bound, the clock that their sessions are stepped by. Never: a stream's conversation (session.ts).
 */
import { CloseCode } from '../../client/protocol/stream/close-codes.ts'
import { streamPath, subprotocols } from '../../client/protocol/stream/endpoint.ts'
import type { Services } from '../api/services.ts'
import type { Settings } from '../config/settings.ts'
import type { Logger } from '../metrics/logger.ts'
import type { StreamFigures } from '../metrics/stream-metrics.ts'
import type { UpgradeRequest, WebSocketHandler, WebSocketPeer, WebSocketService } from '../platform/web-socket.ts'
import { type Common, StreamConnection } from './connection.ts'
import { isAllowedOrigin } from './origin.ts'
import { JsonWriter, MsgpackWriter } from './record-writer.ts'
import { Rounds } from './rounds.ts'
import { Session, type SessionLimits } from './session.ts'
import { SharedFrames } from './shared-frames.ts'

export interface GatewayOptions {
  readonly services: Services
  readonly logger: Logger
  /** Anybody may come in unless this says otherwise. */
  readonly authenticate?: Common['authenticate']
}

/** A tenth of the shortest `stele.stream.idle.ms`: who is asked in the middle of it has time to answer. */
const tickMillis = 100
const served: ReadonlySet<string> = new Set(Object.values(subprotocols))

export class Gateway implements WebSocketService {
  readonly messageBytesMax: number
  readonly #common: Common
  readonly #connections = new Set<StreamConnection>()
  #isTicking = false
  #connectionIds = 0
  #isClosing = false
  #whenEmpty: (() => void) | undefined

  constructor({ services, logger, authenticate = anybody }: GatewayOptions) {
    this.messageBytesMax = services.settings.get('stele.stream.frame.bytes.max')
    this.#common = {
      services,
      logger,
      rounds: new Rounds(services.clock),
      shared: new SharedFrames(),
      writers: { msgpack: new MsgpackWriter(), json: new JsonWriter() },
      counts: { records: 0, messages: 0, bytes: 0, published: 0, closed: new Map() },
      bufferBytes: services.settings.get('stele.stream.buffer.bytes'),
      authenticate,
      gone: (connection) => this.#gone(connection),
    }
    services.cluster.onChange(({ topics }) => {
      for (const topic of topics) for (const connection of this.#connections) connection.topicChanged(topic)
    })
  }

  figures(): StreamFigures {
    const { counts, shared } = this.#common
    const { bytes: sharedBytes, hits: sharedHits, misses: sharedMisses } = shared
    return { ...counts, open: this.#connections.size, sharedBytes, sharedHits, sharedMisses }
  }

  admit({ path, origin, host, subprotocols: offered, peer }: UpgradeRequest): ReturnType<WebSocketService['admit']> {
    if (path !== streamPath) return 404
    if (this.#isClosing) return 503
    if (!isAllowedOrigin(origin, host, this.#common.services.settings.get('stele.http.origins'))) return 403
    const subprotocol = offered.find((name) => served.has(name))
    if (subprotocol === undefined) return 400
    return { subprotocol, open: (socket) => this.#open(socket, subprotocol, peer) }
  }

  async close(): Promise<void> {
    this.#isClosing = true
    if (this.#connections.size === 0) return
    const empty = new Promise<void>((resolve) => (this.#whenEmpty = resolve))
    for (const connection of this.#connections) connection.close(CloseCode.GOING_AWAY, 'the broker stops')
    await empty
  }

  #open(socket: WebSocketPeer, subprotocol: string, address: string): WebSocketHandler {
    const { clock, random, settings } = this.#common.services
    const session = new Session(random.bytes(9).toString('base64url'), limitsOf(settings), clock.monotonic())
    const detail = { address, subprotocol, session, connectionId: -++this.#connectionIds }
    const connection = new StreamConnection(this.#common, socket, detail)
    this.#connections.add(connection)
    const connectionsMax = settings.get('stele.stream.connections.max')
    if (this.#connections.size > connectionsMax) connection.close(CloseCode.TOO_MANY_CONNECTIONS, `more than ${connectionsMax} streams`)
    if (!this.#isTicking) clock.after(tickMillis, this.#tick)
    this.#isTicking = true
    return connection
  }

  readonly #tick = (): void => {
    const { clock, settings } = this.#common.services
    this.#common.bufferBytes = settings.get('stele.stream.buffer.bytes')
    const now = clock.monotonic()
    for (const connection of this.#connections) connection.tick(now)
    this.#isTicking = this.#connections.size > 0
    if (this.#isTicking) clock.after(tickMillis, this.#tick)
  }

  #gone(connection: StreamConnection): void {
    this.#connections.delete(connection)
    if (this.#connections.size === 0) this.#whenEmpty?.()
  }
}

async function anybody(): Promise<{ principal: string }> {
  return { principal: 'User:ANONYMOUS' }
}

function limitsOf(settings: Settings): SessionLimits {
  return {
    frameBytes: settings.get('stele.stream.frame.bytes.max'),
    subscriptions: settings.get('stele.stream.subscriptions.max'),
    partitions: settings.get('stele.stream.partitions.max'),
    requests: settings.get('stele.stream.requests.max'),
    idleMillis: settings.get('stele.stream.idle.ms'),
    helloMillis: settings.get('stele.stream.hello.ms'),
  }
}
