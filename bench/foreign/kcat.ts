/** kcat, librdkafka's command: a line is a record, and its whole run is what is timed. */
import { recordsOf } from '../workloads/own-client.ts'
import { hasCommand } from './installed.ts'
import type { ForeignClient, Job, Program } from './foreign-load.ts'

const linesPerChunk = 1000
const acksOf = { all: '-1', leader: '1', none: '0' } as const

export const kcat: ForeignClient = {
  name: 'kcat',
  missing: () => (hasCommand('kcat') ? undefined : 'there is no kcat'),
  program: (job) => (job.direction === 'produce' ? writing(job) : reading(job)),
}

function writing({ bootstrap, topic, records, load }: Job): Program {
  const { acks, batchBytes, lingerMs, codec, size } = load
  const settings = [`acks=${acksOf[acks]}`, `batch.size=${batchBytes}`, `linger.ms=${lingerMs}`, `enable.idempotence=${acks === 'all'}`]
  const lines = recordsOf(linesPerChunk, size).flatMap(({ value }) => [value as Uint8Array, Buffer.from('\n')])
  const times = Math.ceil(records / linesPerChunk)
  return {
    command: 'kcat',
    args: ['-P', '-q', '-b', bootstrap, '-t', topic, '-z', codec, ...settings.flatMap((setting) => ['-X', setting])],
    input: { chunk: Buffer.concat(lines), times },
    // It ends when all is acknowledged, and by an error otherwise.
    read: (_, seconds) => ({ count: times * linesPerChunk, seconds }),
  }
}

/** Of each record it writes one character. */
function reading({ bootstrap, topic }: Job): Program {
  return {
    command: 'kcat',
    args: ['-C', '-q', '-e', '-b', bootstrap, '-t', topic, '-o', 'beginning', '-f', '.'],
    read: (output, seconds) => ({ count: output.length, seconds }),
  }
}
