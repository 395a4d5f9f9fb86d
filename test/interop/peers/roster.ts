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

export const java: Entry = entry('java', ['kafka', 'java'], javaPeer)

export const roster: readonly Entry[] = [
  java,
  entry('confluent', ['python'], (bootstrap, settings) => pythonPeer('confluent', bootstrap, settings)),
  entry('kafka-python', ['python'], (bootstrap, settings) => pythonPeer('kafka_python', bootstrap, settings)),
  entry('franz-go', ['go'], (bootstrap) => new LinePeer('franz-go', cached('go', 'peer'), [bootstrap])),
  { ...entry('kafkajs', ['npm'], kafkajs), codecs: ['none', 'gzip', 'zstd'] },
  entry('platformatic', ['npm'], (bootstrap) => scriptPeer('platformatic', bootstrap)),
  { ...entry('kcat', ['kcat'], (bootstrap, settings) => new Kcat(bootstrap, settings)), keepsTimes: false },
]

/** Those that are here, and a reason for each that is not. */
export function present(entries: readonly Entry[] = roster): { here: Entry[]; absent: { name: string; reason: string }[] } {
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

function entry(name: string, needs: readonly Part[], start: Entry['start']): Entry {
  return { name, needs, codecs, keepsTimes: true, start }
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
