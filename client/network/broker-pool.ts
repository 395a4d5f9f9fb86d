/**
 * Connections to the brokers of one cluster, made when first needed, one per address.
 * Owns: them. Never: decides which broker to ask.
 */
import type { ClientPlatform } from '../platform/dial.ts'
import { BrokerConnection } from './broker-connection.ts'
import { ClientError } from './client-error.ts'

export interface Endpoint {
  readonly host: string
  readonly port: number
}

export interface PoolOptions {
  readonly bootstrap: readonly Endpoint[]
  readonly clientId: string
  readonly platform: ClientPlatform
  readonly requestTimeoutMs: number
}

export class BrokerPool {
  readonly options: PoolOptions
  readonly #connections = new Map<string, Promise<BrokerConnection>>()
  #isClosed = false

  constructor(options: PoolOptions) {
    this.options = options
  }

  async at({ host, port }: Endpoint): Promise<BrokerConnection> {
    if (this.#isClosed) throw new ClientError('CONNECTION_LOST', 'this client is closed')
    const key = `${host}:${port}`
    const known = this.#connections.get(key)
    if (!known) return this.#open(key, { host, port })
    const connection = await known
    if (!connection.isLost) return connection
    // Of several that find it lost, the first opens another.
    if (this.#connections.get(key) === known) this.#connections.delete(key)
    return this.at({ host, port })
  }

  #open(key: string, { host, port }: Endpoint): Promise<BrokerConnection> {
    const opening = BrokerConnection.open({ host, port, ...this.options })
    this.#connections.set(key, opening)
    opening.catch(() => {
      if (this.#connections.get(key) === opening) this.#connections.delete(key)
    })
    return opening
  }

  /** Any broker of the bootstrap list that answers. */
  async any(): Promise<BrokerConnection> {
    let failure = new ClientError('CONNECTION_FAILED', 'no bootstrap broker was given')
    for (const endpoint of this.options.bootstrap) {
      try {
        return await this.at(endpoint)
      } catch (error) {
        if (!(error instanceof ClientError)) throw error
        failure = error
      }
    }
    throw failure
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const opened = [...this.#connections.values()]
    this.#connections.clear()
    for (const settled of await Promise.allSettled(opened)) if (settled.status === 'fulfilled') settled.value.close()
  }
}

/** `host:port,host:port`; the port may be left out. */
export function parseBootstrap(text: string, defaultPort = 9092): Endpoint[] {
  return text.split(',').map((part) => {
    const [, host, port] = /^\s*(\[[^\]\s]+\]|[^:[\]\s]+)(?::(\d{1,5}))?\s*$/.exec(part) ?? []
    if (host === undefined || Number(port ?? 0) > 65535) throw new ClientError('INVALID_ADDRESS', `'${part}' is not HOST:PORT`)
    return { host: host.replace(/^\[|\]$/g, ''), port: port === undefined ? defaultPort : Number(port) }
  })
}
