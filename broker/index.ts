/**
 * The embeddable door: a real broker in this process.
 *
 *     await using broker = await startBroker()
 *     const client = new Kafka({ brokers: [broker.bootstrap] })
 *
 * Without a data directory it keeps its data in a temporary one, removed when it closes. Each broker is alone in the world:
 * several in one process share nothing.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Broker } from './broker.ts'
import { formatHostPort } from './config/listeners.ts'
import { type Overrides, Settings } from './config/settings.ts'
import { type Logger, silentLogger } from './metrics/logger.ts'
import type { HttpListener } from './platform/http.ts'
import type { Address } from './platform/network.ts'
import { nodePlatform } from './platform/node/platform.ts'

export { ConfigError } from './config/config-error.ts'
export type { Logger } from './metrics/logger.ts'

export interface StartOptions {
  /** 127.0.0.1 unless told otherwise. */
  readonly host?: string
  /** A free one unless told otherwise. */
  readonly port?: number
  /** Streams for browsers are served on this port, 0 for any free one; nowhere unless it is given. */
  readonly streamPort?: number
  /** Kept after closing; made if it is not there. */
  readonly dataDirectory?: string
  /** Kafka's names: `{ 'num.partitions': 3 }`. */
  readonly settings?: Overrides
  /** Nothing is logged unless this is given. */
  readonly logger?: Logger
}

export interface RunningBroker extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** `host:port`, as clients want it. */
  readonly bootstrap: string
  /** `ws://host:port`, as the browser's client wants it. Throws where no streams are served. */
  readonly url: string
  /** Flushes and closes; nothing of it is left in the process. */
  close(): Promise<void>
}

/** Throws ConfigError for settings that cannot be, and the disk's or the network's error if it cannot start. */
export async function startBroker(options: StartOptions = {}): Promise<RunningBroker> {
  const { host = '127.0.0.1', port = 0, streamPort, dataDirectory, settings = {}, logger = silentLogger } = options
  const temporary = dataDirectory === undefined ? await mkdtemp(join(tmpdir(), 'stele-')) : undefined
  const removeTemporary = async () => {
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true })
  }
  try {
    const broker = await Broker.start({
      platform: nodePlatform,
      settings: Settings.defaults.with({
        'log.dirs': [dataDirectory ?? (temporary as string)],
        listeners: [`PLAINTEXT://${formatHostPort({ host, port })}`],
        ...settings,
      }),
      logger,
      metrics: { request() {}, received() {}, sent() {}, flushed() {} },
      onFatal: (error) => {
        throw error
      },
    })
    const [address = { host, port }] = broker.addresses.values()
    const streams = streamPort === undefined ? undefined : await serveStreams(broker, { host, port: streamPort })
    const close = async () => {
      await broker.close()
      await streams?.close()
      await removeTemporary()
    }
    const bootstrap = formatHostPort({ host, port: address.port })
    return {
      host,
      port: address.port,
      bootstrap,
      get url() {
        if (!streams) throw new Error('this broker serves no streams: start it with streamPort')
        return `ws://${formatHostPort({ host, port: streams.address.port })}`
      },
      close,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await removeTemporary()
    throw error
  }
}

/** Without metrics and pages: whoever embeds a broker has its own. */
async function serveStreams(broker: Broker, address: Address): Promise<HttpListener> {
  const { nodeHttp } = await import('./platform/node/http.ts')
  try {
    return await nodeHttp.listen(
      address,
      () => ({ status: 404, contentType: 'text/plain', body: 'streams are at /v1/stream\n' }),
      () => broker.gateway(),
    )
  } catch (error) {
    await broker.close()
    throw error
  }
}
