/**
 * The project's client against the others of its world, on one broker, in one run: each lap in a fresh process, the clients by turns.
 *
 *     node bench/race/clients.ts HOST:PORT [--rounds 3] [--sizes 100,1024] [--partitions 1] [--megabytes 100] [--clients stele,kafkajs] [--json]
 */
import { fork, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Stele } from '../../client/index.ts'
import { machineFacts, machineText } from '../measure/machine.ts'
import { figureText } from '../report/figures.ts'
import { isInstalled, python } from './installed.ts'
import type { Lap, LapResult } from './lap.ts'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    sizes: { type: 'string', default: '100,1024' },
    partitions: { type: 'string', default: '1' },
    clients: { type: 'string', default: 'stele,stele by record,kafkajs,@platformatic/kafka,confluent-kafka (Python)' },
    directions: { type: 'string', default: 'produce,consume' },
    'under-way': { type: 'string', default: '16' },
    megabytes: { type: 'string', default: '100' },
    json: { type: 'boolean', default: false },
  },
})
const directions = (['produce', 'consume'] as const).filter((direction) => flags.directions.split(',').includes(direction))
const bootstrap = positionals[0] ?? '127.0.0.1:9092'
const partitions = Number(flags.partitions)
/** Of the project's client, another way to read. */
const byRecord = 'stele by record'
const librdkafka = 'confluent-kafka (Python)'
const clients = flags.clients.split(',').filter((name) => {
  const isHere = name.startsWith('stele') || (name === librdkafka ? existsSync(python) : isInstalled(name))
  if (!isHere) console.error(`NOT IN THE RACE: ${name} (not installed: make interop-install)`)
  return isHere
})
await using stele = new Stele({ bootstrap })

/** What is read, by everybody: written by the project's client in batches of its own size. */
async function filled(size: number, records: number): Promise<string> {
  const topic = await made(`race-read-${size}`)
  await lapOf({ ...lap('stele', 'produce', topic, size, records), warmUpRecords: 0 })
  return topic
}

async function made(purpose: string): Promise<string> {
  const name = `${purpose}-${Date.now().toString(36)}`
  await stele.topics.create([{ name, partitions, replicationFactor: 1 }])
  return name
}

function lap(client: string, direction: Lap['direction'], topic: string, size: number, records: number): Lap {
  const perSend = Math.max(1, Math.min(1000, Math.floor(200_000 / size)))
  return {
    client,
    direction,
    bootstrap,
    topic,
    records,
    warmUpRecords: Math.ceil(records / 4),
    size,
    perSend,
    sendsUnderWay: Number(flags['under-way']),
  }
}

function lapOf(lap: Lap): Promise<LapResult> {
  if (lap.client === librdkafka) {
    const { stdout, stderr } = spawnSync(python, [join(import.meta.dirname, '../peers/confluent.py'), JSON.stringify(lap)], {
      encoding: 'utf8',
    })
    if (!stdout.startsWith('{')) throw new Error(`${lap.client}: ${stderr}`)
    return Promise.resolve(JSON.parse(stdout) as LapResult)
  }
  return new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'racer.ts'), { execArgv: [], env: { ...process.env, NODE_NO_WARNINGS: '1' } })
    child.once('message', resolve)
    child.once('exit', (code) => reject(new Error(`${lap.client} ended with ${code}`)))
    child.send(lap)
  })
}

interface Row {
  readonly client: string
  readonly direction: Lap['direction']
  readonly size: number
  readonly recordsPerSecond: number
  readonly cpuMicrosPerRecord: number
  readonly residentMegabytes: number
}

const rows: Row[] = []
for (const size of flags.sizes.split(',').map(Number)) {
  const records = Math.round((Number(flags.megabytes) * 1e6) / (size + 60))
  const stored = await filled(size, records * 1.5)
  for (const direction of directions) {
    for (let round = 0; round < Number(flags.rounds); round++) {
      for (const client of round % 2 === 0 ? clients : clients.toReversed()) {
        if (direction === 'produce' && client === byRecord) continue
        const topic = direction === 'produce' ? await made(`race-${size}`) : stored
        const { records: done, seconds, cpuSeconds, residentBytes } = await lapOf(lap(client, direction, topic, size, records))
        const row = { client, direction, size, recordsPerSecond: done / seconds, cpuMicrosPerRecord: (cpuSeconds * 1e6) / done }
        rows.push({ ...row, residentMegabytes: residentBytes / 1e6 })
        if (direction === 'produce') await stele.topics.delete([topic])
      }
    }
  }
  await stele.topics.delete([stored])
}

function median(values: number[]): number {
  const sorted = values.sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}

function summary() {
  const kinds = [...new Set(rows.map(({ direction, size }) => `${direction} ${size}`))]
  return kinds.flatMap((kind) => {
    const of = (client: string, key: 'recordsPerSecond' | 'cpuMicrosPerRecord' | 'residentMegabytes') =>
      median(rows.filter((row) => row.client === client && `${row.direction} ${row.size}` === kind).map((row) => row[key]))
    const there = clients.filter((client) => rows.some((row) => row.client === client && `${row.direction} ${row.size}` === kind))
    return there.map((client) => ({
      race: kind,
      client,
      'records/s': figureText(of(client, 'recordsPerSecond')),
      'CPU µs/record': figureText(of(client, 'cpuMicrosPerRecord')),
      'RSS MB': figureText(of(client, 'residentMegabytes')),
      'stele is faster by': (of('stele', 'recordsPerSecond') / of(client, 'recordsPerSecond')).toFixed(2),
      'and cheaper by': (of(client, 'cpuMicrosPerRecord') / of('stele', 'cpuMicrosPerRecord')).toFixed(2),
    }))
  })
}

if (flags.json) console.log(JSON.stringify({ machine: machineFacts(), partitions, rows }))
else {
  console.table(summary())
  console.log(`${machineText(machineFacts())}; medians of ${flags.rounds} rounds; ${partitions} partition(s), acks=all`)
}
