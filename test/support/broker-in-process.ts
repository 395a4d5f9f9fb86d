/**
 * A broker in this process whose parts a test may look into: its log lines, what it counted, its memory, its disk.
 * Owns: the broker and its temporary directory, unless it was given one.
 */
import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { Broker } from '../../broker/broker.ts'
import { type Overrides, Settings } from '../../broker/config/settings.ts'
import type { Logger } from '../../broker/metrics/logger.ts'
import { nodePlatform } from '../../broker/platform/node/platform.ts'
import type { Platform } from '../../broker/platform/platform.ts'

export interface LogLine {
  level: 'warn' | 'error'
  message: string
  fields: Record<string, unknown>
}

export interface Counted {
  requests: { apiKey: number; seconds: number; errorCode: number }[]
  receivedBytes: number
  sentBytes: number
}

export class BrokerInProcess {
  readonly broker: Broker
  readonly directory: string
  /** Warnings and errors, as they came. */
  readonly log: LogLine[]
  readonly counted: Counted
  /** Errors that are the broker's own. */
  readonly fatal: unknown[]
  readonly #isTemporary: boolean

  private constructor(
    broker: Broker,
    rest: { directory: string; log: LogLine[]; counted: Counted; fatal: unknown[]; isTemporary: boolean },
  ) {
    this.broker = broker
    this.directory = rest.directory
    this.log = rest.log
    this.counted = rest.counted
    this.fatal = rest.fatal
    this.#isTemporary = rest.isTemporary
  }

  static async start(
    settings: Overrides = {},
    { platform = nodePlatform, directory, port = 0 }: { platform?: Platform; directory?: string; port?: number } = {},
  ): Promise<BrokerInProcess> {
    const home = directory ?? fs.mkdtempSync(path.join(os.tmpdir(), 'stele-broker-'))
    const log: LogLine[] = []
    const fatal: unknown[] = []
    const counted: Counted = { requests: [], receivedBytes: 0, sentBytes: 0 }
    const broker = await Broker.start({
      platform,
      settings: Settings.defaults.with({ 'log.dirs': [home], listeners: [`PLAINTEXT://127.0.0.1:${port}`], ...settings }),
      logger: recorder(log),
      metrics: {
        request: (apiKey, seconds, errorCode) => void counted.requests.push({ apiKey, seconds, errorCode }),
        received: (bytes) => (counted.receivedBytes += bytes),
        sent: (bytes) => (counted.sentBytes += bytes),
        flushed: () => undefined,
      },
      onFatal: (error) => void fatal.push(error),
    })
    return new BrokerInProcess(broker, { directory: home, log, counted, fatal, isTemporary: directory === undefined })
  }

  get port(): number {
    const [address] = this.broker.addresses.values()
    return address?.port ?? 0
  }

  async close(): Promise<void> {
    await this.broker.close()
    if (this.#isTemporary) fs.rmSync(this.directory, { recursive: true, force: true })
  }
}

function recorder(lines: LogLine[]): Logger {
  const keep = (level: LogLine['level']) => (fields: object, message: string) => void lines.push({ level, message, fields: { ...fields } })
  const logger: Logger = { debug: () => {}, info: () => {}, warn: keep('warn'), error: keep('error'), child: () => logger }
  return logger
}
