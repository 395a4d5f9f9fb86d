/**
 * A small HTTP server, as the broker sees it: short questions without a body, short answers. For people, probes and scrapers, not for load.
 */
import type { Address } from './network.ts'
import type { WebSocketService } from './web-socket.ts'

export interface HttpRequest {
  /** GET or HEAD; anything else has been refused before. */
  method: 'GET' | 'HEAD'
  /** Without the query. */
  path: string
}

export interface HttpAnswer {
  status: number
  contentType: string
  body: string | Uint8Array
}

export interface HttpListener {
  /** Where it really listens. */
  readonly address: Address
  /** Stops, and closes all connections. */
  close(): Promise<void>
}

export interface Http {
  /** An answer that is rejected becomes status 500. `streams` is asked for when the first WebSocket knocks; without it there are none. */
  listen(
    address: Address,
    answer: (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>,
    streams?: () => Promise<WebSocketService>,
  ): Promise<HttpListener>
}
