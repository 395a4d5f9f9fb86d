/** Programs of ours around others' libraries (bench/peers): librdkafka by confluent-kafka for Python, and franz-go. Each is told one lap and tells one result, in JSON. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BenchError } from '../bench-error.ts'
import { folderUrl } from '../process/entry.ts'
import { hasCommand, interop } from './installed.ts'
import type { ForeignClient, ForeignResult, Job } from './foreign-load.ts'

const peers = fileURLToPath(folderUrl('peers'))

const confluentPython = existsSync(interop('python', 'bin', 'python')) ? interop('python', 'bin', 'python') : 'python3'

export const confluent: ForeignClient = {
  name: 'confluent-kafka',
  missing() {
    const { status } = spawnSync(confluentPython, ['-c', 'import confluent_kafka'])
    return status === 0 ? undefined : `${confluentPython} has no confluent_kafka: pip install confluent-kafka`
  },
  program: (job) => ({ command: confluentPython, args: [join(peers, 'confluent.py'), lapOf(job)], read }),
}

const franzGoBinary = interop('..', 'bench', 'franz-go')

export const franzGo: ForeignClient = {
  name: 'franz-go',
  missing() {
    if (!hasCommand('go')) return 'there is no go'
    mkdirSync(interop('..', 'bench'), { recursive: true })
    const { status, stderr } = spawnSync('go', ['build', '-o', franzGoBinary, '.'], { cwd: join(peers, 'franz-go'), encoding: 'utf8' })
    return status === 0 ? undefined : `it could not be built: ${stderr.trim()}`
  },
  program: (job) => ({ command: franzGoBinary, args: [lapOf(job)], read }),
}

function lapOf({ direction, bootstrap, topic, records, load }: Job): string {
  const { size, acks, batchBytes, lingerMs, codec } = load
  return JSON.stringify({ direction, bootstrap, topic, records, warmUpRecords: 0, size, acks, batchBytes, lingerMs, codec })
}

function read(output: string): ForeignResult {
  const line = output.split('\n').find((text) => text.startsWith('{'))
  if (line === undefined) throw new BenchError(`the peer said nothing that is known: ${output.slice(-1000)}`)
  const { records, seconds } = JSON.parse(line) as { records: number; seconds: number }
  return { count: records, seconds }
}
