/**
 * SIGKILL at random moments under load, on the real process and the real disk: every acknowledged record is there, in order, once.
 * Between rounds the files are damaged as a crash may leave them. STELE_CRASH_ROUNDS sets how many (5; 50 in the long mode).
 */
import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import t from 'tap'
import { ClientError, Stele } from '../../client/index.ts'
import { BrokerProcess } from '../support/broker-process.ts'
import { damages } from './damage.ts'

const rounds = Number(process.env['STELE_CRASH_ROUNDS'] ?? 5)
const seed = Number(process.env['STELE_CRASH_SEED'] ?? 1)
const topic = 'ledger'
const partitions = 3
const writersPerPartition = 2
const loadMillisMax = 700

/** mulberry32: enough chance for choosing moments, the same for a seed. */
function chance(from: number): () => number {
  let state = from >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Acknowledged {
  readonly offset: number
  readonly values: readonly string[]
}

/** By partition, what the broker acknowledged, in the order it did. */
const acknowledged: Acknowledged[][] = Array.from({ length: partitions }, () => [])
let written = 0

async function write(stele: Stele, partition: number, until: () => boolean): Promise<void> {
  const producer = stele.producer({ deliveryTimeoutMs: 400, createTopics: false })
  while (!until()) {
    const values = Array.from({ length: 1 + (written % 7) }, () => `value-${partition}-${written++}-${'x'.repeat(written % 200)}`)
    try {
      const [delivery] = await producer.send(
        topic,
        values.map((value) => ({ value: Buffer.from(value), partition })),
      )
      if (delivery) acknowledged[partition]?.push({ offset: delivery.offset, values })
    } catch (error) {
      if (error instanceof ClientError) return
      throw error
    }
  }
}

async function readAll(bootstrap: string): Promise<string[][]> {
  await using stele = new Stele({ bootstrap })
  const found: string[][] = Array.from({ length: partitions }, () => [])
  for await (const records of stele.reader().batches(topic, { from: 'beginning', untilEnd: true })) {
    for (const { partition, offset, value } of records) {
      const values = found[partition] as string[]
      if (values.length !== offset) throw new Error(`offset ${offset} of partition ${partition} came where ${values.length} was due`)
      values.push(String(value))
    }
  }
  return found
}

t.test(`${rounds} rounds of SIGKILL under load lose nothing that was acknowledged`, { timeout: 20_000 + rounds * 6_000 }, async (t) => {
  const random = chance(seed)
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'stele-kill-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true, force: true }))
  const settings = { 'log.segment.bytes': '1048576', 'num.partitions': String(partitions), 'log.index.interval.bytes': '512' }
  let broker = await BrokerProcess.start(directory, settings)
  await using admin = new Stele({ bootstrap: broker.bootstrap })
  await admin.topics.create([{ name: topic, partitions }])
  await admin.close()
  for (let round = 1; round <= rounds; round++) {
    const stele = new Stele({ bootstrap: broker.bootstrap, requestTimeoutMs: 5_000 })
    let killed = false
    const writers = Array.from({ length: partitions * writersPerPartition }, (_, index) => write(stele, index % partitions, () => killed))
    await new Promise((resolve) => setTimeout(resolve, 50 + random() * loadMillisMax))
    await broker.end('SIGKILL')
    killed = true
    await Promise.all(writers)
    await stele.close()
    const damage = damages[Math.floor(random() * damages.length)] as (typeof damages)[number]
    const what = damage(path.join(directory, `${topic}-${Math.floor(random() * partitions)}`), random)
    const begun = performance.now()
    broker = await BrokerProcess.start(directory, settings)
    const recoveryMillis = Math.round(performance.now() - begun)
    const found = await readAll(broker.bootstrap)
    const records = found.reduce((sum, values) => sum + values.length, 0)
    const missing = acknowledged.flatMap((batches, partition) =>
      batches.filter(({ offset, values }) => values.some((value, index) => found[partition]?.[offset + index] !== value)),
    )
    const twice = found.some((values) => new Set(values).size !== values.length)
    t.comment(`round ${round}: ${records} records, ${what}, listening again after ${recoveryMillis} ms`)
    t.same(missing, [], `round ${round} (STELE_CRASH_SEED=${seed}): every acknowledged record is where it was said to be`)
    t.notOk(twice, `round ${round}: no record is there twice`)
  }
  t.equal(await broker.end('SIGTERM'), 0, 'SIGTERM ends it cleanly')
})
