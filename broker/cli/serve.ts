/**
 * A broker as a process: from settings to listening, until it is asked to stop.
 * Owns: what surrounds a broker that runs alone: its log on standard error, metrics over HTTP, its end. Never: serves anything itself.
 * Listening comes first; what people read and scrape (the log's writer, HTTP) is loaded while clients already connect.
 */
import { apis } from '../../client/protocol/apis.ts'
import { errorOf } from '../../client/protocol/errors.ts'
import { Broker } from '../broker.ts'
import { ConfigError } from '../config/config-error.ts'
import { endpointsOf } from '../config/endpoints.ts'
import { formatHostPort } from '../config/listeners.ts'
import { unknownWarning } from '../config/parse.ts'
import type { Settings } from '../config/settings.ts'
import { DirectoryRefused } from '../log/log-directory.ts'
import { BrokerMetrics } from '../metrics/broker-metrics.ts'
import { EventLoopLag } from '../metrics/event-loop-lag.ts'
import { LateLogger } from '../metrics/late-logger.ts'
import type { LeveledLogger } from '../metrics/pino-logger.ts'
import { DiskError } from '../platform/disk.ts'
import type { HttpListener } from '../platform/http.ts'
import { nodeClock } from '../platform/node/clock.ts'
import { nodePlatform } from '../platform/node/platform.ts'
import { CommandError, Exit, type ExitCode } from './exit.ts'
import { examplePage } from './example-page.ts'
import { outliveReaders } from './node-terminal.ts'
import { type StartInput, startSettings } from './start-settings.ts'
import type { StopSignal } from './stop-signal.ts'
import type { Terminal } from './terminal.ts'
import { packageVersion } from './version.ts'

export async function serve(input: StartInput, terminal: Terminal, stop: StopSignal): Promise<ExitCode> {
  outliveReaders()
  const { settings, unknown } = startSettings(input, process.env)
  const node = new BrokerProcess(settings, terminal)
  const warning = unknownWarning(unknown)
  if (warning !== undefined) node.logger.warn({}, warning)
  try {
    await node.start(stop)
  } catch (error) {
    await node.openLog()
    throw worldly(error)
  }
  await stop.request
  await node.close()
  return Exit.ok
}

class BrokerProcess {
  readonly logger = LateLogger.create()
  readonly #settings: Settings
  readonly #terminal: Terminal
  readonly #metrics = new BrokerMetrics({ api: (key) => apis.get(key)?.name ?? String(key), error: (code) => errorOf(code).name })
  readonly #lag = new EventLoopLag(nodeClock, (seconds) => this.#metrics.eventLoopLag.observe(seconds))
  #broker: Broker | undefined
  #http: HttpListener | undefined
  #log: LeveledLogger | undefined
  #isClosing = false

  constructor(settings: Settings, terminal: Terminal) {
    this.#settings = settings
    this.#terminal = terminal
  }

  async start(stop: StopSignal): Promise<void> {
    const { out } = this.#terminal
    const fatal = (error: unknown) => this.#fatal(error)
    process.on('uncaughtException', fatal)
    this.#broker = await Broker.start({
      platform: nodePlatform,
      settings: this.#settings,
      logger: this.logger,
      metrics: this.#metrics,
      onFatal: fatal,
    })
    if (stop.requested) return
    await out.write(`Stele ${packageVersion()}, ${listening(this.#broker)}\n`)
    await out.write(`  data in ${this.#broker.directory.path}\n`)
    await this.openLog()
    await this.#openHttp(this.#broker)
    if (this.#http) await out.write(`  metrics and health at http://${formatHostPort(this.#http.address)}\n`)
    this.#lag.start()
  }

  /** From here on the log is written as it comes; what was held back is written first. */
  async openLog(): Promise<void> {
    if (this.#log) return
    const { err, colours } = this.#terminal
    const { pinoLogger } = await import('../metrics/pino-logger.ts')
    const settings = this.#broker?.settings ?? this.#settings
    const asked = settings.get('stele.log.format')
    const format = asked === 'auto' ? (err.isTerminal ? 'text' : 'json') : asked
    const level = settings.get('stele.log.level')
    const log = pinoLogger({ level, format, colours: colours && err.isTerminal }, { write: (line) => void err.write(line) })
    this.#log = log
    this.logger.attach(log)
    const broker = this.#broker
    broker?.cluster.onChange(() => {
      log.level = broker.settings.get('stele.log.level')
    })
  }

  /** Clients are answered, everything is flushed, and only then does it stop telling how it is. */
  async close(): Promise<void> {
    this.#isClosing = true
    this.#lag.stop()
    await this.#broker?.close()
    await this.#http?.close()
  }

  async #openHttp(broker: Broker): Promise<void> {
    const { http: address } = endpointsOf(this.#settings)
    if (!address) return
    const [{ serveMonitor }, { nodeHttp }, { nodeVitals }] = await Promise.all([
      import('../metrics/http.ts'),
      import('../platform/node/http.ts'),
      import('../platform/node/vitals.ts'),
    ])
    this.#metrics.ask(broker.sources())
    this.#metrics.askProcess(nodeVitals)
    const health = { broken: () => undefined, notReady: () => (this.#isClosing ? 'closing' : undefined) }
    try {
      const streams = () => broker.gateway()
      this.#http = await serveMonitor({ http: nodeHttp, address, registry: this.#metrics.registry, health, page: examplePage, streams })
    } catch (error) {
      await this.close()
      throw error
    }
  }

  /** An invariant is broken, and nothing this process still knows can be trusted: what is on disk is recovered by the next one. */
  #fatal(error: unknown): void {
    const message = 'a mistake in stele itself: the broker ends here; started again, it recovers what was acknowledged'
    if (this.#log) this.#log.error({ err: error }, message)
    else process.stderr.write(`stele: ${message}\n${error instanceof Error ? error.stack : String(error)}\n`)
    process.exit(Exit.fatal)
  }
}

function listening({ addresses }: Broker): string {
  const places = [...addresses].map(([name, address], index) => `${formatHostPort(address)}${index === 0 ? '' : ` (${name})`}`)
  return `listening on ${places.join(', ')}`
}

/** The world's errors in a sentence; others as they are. */
function worldly(error: unknown): unknown {
  if (error instanceof ConfigError) return error
  if (error instanceof DirectoryRefused) return new CommandError(`the data directory cannot be used: ${error.message}`, error)
  if (error instanceof DiskError) return new CommandError(`the data directory cannot be used: ${error.message}`, error)
  const { code, syscall, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number }
  if (syscall !== 'listen' && syscall !== 'getaddrinfo' && syscall !== 'bind') return error
  const place = address === undefined ? '' : ` on ${formatHostPort({ host: address, port: port ?? 0 })}`
  const why = (code !== undefined && listenFaults[code]) || (error as Error).message
  return new CommandError(`cannot listen${place}: ${why}`, error)
}

const listenFaults: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  EACCES: 'this user may not use that port',
  EADDRNOTAVAIL: 'this machine does not have that address',
}
