/**
 * The broker that the suite runs against: Stele as a process, or by STELE_INTEROP_TARGET Apache Kafka (`kafka`), which proves the suite
 * itself, or any broker that is running (`HOST:PORT`).
 * Owns: the process and its data directory, which goes with it.
 */
import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { BrokerProcess } from '../support/broker-process.ts'
import { KafkaProcess } from '../support/kafka.ts'
import { missing } from './cache.ts'

export const targetName = process.env['STELE_INTEROP_TARGET'] ?? 'stele'

export interface Target {
  readonly bootstrap: string
  /** Where its partitions are; undefined for a broker that is not ours. */
  readonly directory: string | undefined
  /** SIGKILL, then the same broker again: its port, its directory. */
  killed(): Promise<void>
  /** Ends the broker cleanly and leaves the directory. */
  end(): Promise<void>
  /** Ends it and removes the directory. */
  close(): Promise<void>
}

/** Why no target can be had, as tap's `skip`. */
export const noTarget: string | false = targetName === 'kafka' ? missing('kafka', 'java') : false

/** On a directory of its own, or on `directory`, which is then the caller's to remove; `config` is a properties file, `settings` are single ones, in Kafka's names. */
export async function startTarget({
  directory,
  config = '',
  settings = {},
}: {
  directory?: string
  config?: string
  settings?: Record<string, string>
} = {}): Promise<Target> {
  if (targetName.includes(':'))
    return { bootstrap: targetName, directory: undefined, killed: untouchable, end: async () => {}, close: async () => {} }
  const home = directory === undefined ? temporaryDirectory() : undefined
  const data = directory ?? path.join(home ?? '', 'data')
  const start = (port = 0) =>
    targetName === 'kafka' ? KafkaProcess.start(data, settings, { port }) : BrokerProcess.start(data, settings, { config, port })
  let broker = await start()
  const { bootstrap } = broker
  const killed = async () => {
    await broker.end('SIGKILL')
    broker = await start(Number(bootstrap.split(':')[1]))
  }
  const end = async () => {
    await broker.end('SIGTERM')
  }
  const close = async () => {
    await end()
    if (home !== undefined) fs.rmSync(home, { recursive: true, force: true })
  }
  return { bootstrap, directory: data, killed, end, close }
}

async function untouchable(): Promise<never> {
  throw new Error(`${targetName} is not ours to kill`)
}

export function temporaryDirectory(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'stele-interop-'))
}
