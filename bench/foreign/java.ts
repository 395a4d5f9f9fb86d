/** Kafka's own performance tools, from the libs of an Apache Kafka ($KAFKA_HOME) or those of the interop suite. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { BenchError } from '../bench-error.ts'
import { hasCommand, interop } from './installed.ts'
import type { ForeignClient, ForeignResult, Job, Program } from './foreign-load.ts'

const home = process.env['KAFKA_HOME']
const libs = home === undefined ? interop('kafka') : join(home, 'libs')

export const java: ForeignClient = {
  name: 'java',
  missing() {
    if (!hasCommand('java')) return 'there is no java'
    const jars = existsSync(libs) ? readdirSync(libs) : []
    if (!jars.some((jar) => jar.startsWith('kafka-tools-'))) return `${libs} holds no kafka-tools jar: set KAFKA_HOME`
    return undefined
  },
  program: (job) => (job.direction === 'produce' ? producerPerformance(job) : consumerPerformance(job)),
}

function tool(name: string, args: readonly string[]): Pick<Program, 'command' | 'args'> {
  return { command: 'java', args: ['-Xmx512M', '-cp', join(libs, '*'), `org.apache.kafka.tools.${name}`, ...args] }
}

const acksOf = { all: 'all', leader: '1', none: '0' } as const

function producerPerformance({ bootstrap, topic, records, load }: Job): Program {
  const { acks, batchBytes, lingerMs, codec, size, rate } = load
  const settings = [`bootstrap.servers=${bootstrap}`, `acks=${acksOf[acks]}`, `batch.size=${batchBytes}`, `linger.ms=${lingerMs}`]
  settings.push(`compression.type=${codec}`, `enable.idempotence=${acks === 'all'}`)
  const what = ['--topic', topic, '--num-records', `${records}`, '--record-size', `${size}`, '--throughput', `${rate > 0 ? rate : -1}`]
  return {
    ...tool('ProducerPerformance', [...what, '--producer-props', ...settings]),
    read: readProducer,
  }
}

/** `500000 records sent, 123456.7 records/sec (11.77 MB/sec), 12.3 ms avg latency, 300.0 ms max latency, 5 ms 50th, 20 ms 95th, 30 ms 99th, 40 ms 99.9th.` */
export function readProducer(output: string): ForeignResult {
  const last = output.split('\n').findLast((line) => line.includes('99.9th'))
  const numbers =
    /^(\d+) records sent, ([\d.]+) records\/sec .*, ([\d.]+) ms avg latency, ([\d.]+) ms max latency, (\d+) ms 50th, \d+ ms 95th, (\d+) ms 99th, (\d+) ms/.exec(
      last ?? '',
    )
  if (!numbers) throw new BenchError(`ProducerPerformance said nothing that is known:\n${output.slice(-1000)}`)
  const [count, perSecond, mean, max, p50, p99, p999] = numbers.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  return { count, seconds: count / perSecond, latencies: { mean, max, p50, p99, p999 } }
}

function consumerPerformance({ bootstrap, topic, records }: Job): Program {
  const args = ['--bootstrap-server', bootstrap, '--topic', topic, '--messages', `${records}`, '--hide-header', '--timeout', '60000']
  return { ...tool('ConsumerPerformance', args), read: readConsumer }
}

/** Start, end, MB, MB/s, records, records/s, ms of the rebalance, ms of fetching, and two rates: without the rebalance, which is the group's. */
export function readConsumer(output: string): ForeignResult {
  const fields = output
    .split('\n')
    .findLast((line) => /^\d{4}-\d\d-\d\d .*,/.test(line))
    ?.split(',')
    .map((field) => field.trim())
  const [count, fetchMillis] = [Number(fields?.[4]), Number(fields?.[7])]
  if (!(count > 0) || !(fetchMillis > 0)) throw new BenchError(`ConsumerPerformance said nothing that is known:\n${output.slice(-1000)}`)
  return { count, seconds: fetchMillis / 1000 }
}
