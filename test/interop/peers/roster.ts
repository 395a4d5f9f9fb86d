/**
 * Every client that the suite knows, how it is started, and which codecs it can write and read.
 * Never decides what is asked of them.
 */
import { fileURLToPath } from 'node:url'
import { cached, missing, type Part } from '../cache.ts'
import { Kcat } from './kcat.ts'
import { type Codec, codecs, LinePeer, type Peer } from './peer.ts'

export interface Entry {
  readonly name: string
  readonly needs: readonly Part[]
  readonly codecs: readonly Codec[]
  /** Whether the records keep the times that the file gives them. */
  readonly keepsTimes: boolean
  start(bootstrap: string, settings?: Record<string, string>): Peer
}

/** One that speaks PROTOCOL.md. */
export interface LineEntry extends Entry {
  start(bootstrap: string, settings?: Record<string, string>): LinePeer
}

export const java: LineEntry = { ...entry('java', ['kafka', 'java']), start: javaPeer }
export const confluent: LineEntry = {
  ...entry('confluent', ['python']),
  start: (bootstrap, settings) => pythonPeer('confluent', bootstrap, settings),
}
export const kafkaPython: LineEntry = {
  ...entry('kafka-python', ['python']),
  start: (bootstrap, settings) => pythonPeer('kafka_python', bootstrap, settings),
}
export const franzGo: LineEntry = {
  ...entry('franz-go', ['go']),
  start: (bootstrap) => new LinePeer('franz-go', cached('go', 'peer'), [bootstrap]),
}
export const kafkaJs: LineEntry = { ...entry('kafkajs', ['npm']), start: kafkajs, codecs: ['none', 'gzip', 'zstd'] }
export const platformatic: LineEntry = { ...entry('platformatic', ['npm']), start: (bootstrap) => scriptPeer('platformatic', bootstrap) }
const kcat: Entry = { ...entry('kcat', ['kcat']), start: (bootstrap, settings) => new Kcat(bootstrap, settings), keepsTimes: false }

export const roster: readonly Entry[] = [java, confluent, kafkaPython, franzGo, kafkaJs, platformatic, kcat]

/** Those that are here, and a reason for each that is not. */
export function present<E extends Entry = Entry>(entries: readonly E[]): { here: E[]; absent: { name: string; reason: string }[] } {
  const absent = entries.flatMap(({ name, needs }) => {
    const reason = missing(...needs)
    return reason === false ? [] : [{ name, reason }]
  })
  return { here: entries.filter(({ name }) => !absent.some((one) => one.name === name)), absent }
}

/** Also the peer that makes topics. */
export function kafkajs(bootstrap: string): LinePeer {
  return scriptPeer('kafkajs', bootstrap)
}

/** `version` names an older client; without it, today's, which also runs Kafka's tools. */
export function javaPeer(bootstrap: string, settings: Record<string, string> = {}, version?: string): LinePeer {
  const jars = version === undefined ? cached('kafka') : cached('old-java', version)
  const flags = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn']
  const args = [...flags, '-cp', `${cached('java')}:${jars}/*`, 'Peer', bootstrap, ...pairs(settings)]
  return new LinePeer(version === undefined ? 'java' : `java ${version}`, 'java', args)
}

function entry(name: string, needs: readonly Part[]): Omit<Entry, 'start'> {
  return { name, needs, codecs, keepsTimes: true }
}

function pythonPeer(module: string, bootstrap: string, settings: Record<string, string> = {}): LinePeer {
  return new LinePeer(module, cached('python', 'bin', 'python'), [beside(`python/peer_${module}.py`), bootstrap, ...pairs(settings)])
}

function scriptPeer(name: string, bootstrap: string): LinePeer {
  return new LinePeer(name, process.execPath, [beside(`${name}.ts`), bootstrap])
}

function pairs(settings: Record<string, string>): string[] {
  return Object.entries(settings).map(([name, value]) => `${name}=${value}`)
}

function beside(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url))
}
