/**
 * SIGKILL at random moments while topics are compacted, on the real process and the real disk: the newest acknowledged value of every key
 * is there, or one that was sent after it; what is there lies where it was acknowledged, in order.
 * STELE_CRASH_ROUNDS sets how many rounds (5; 50 in the long mode).
 */
import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import t from 'tap'
import { ClientError, Stele } from '../../client/index.ts'
import { BrokerProcess } from '../support/broker-process.ts'

const rounds = Number(process.env['STELE_CRASH_ROUNDS'] ?? 5)
const topic = 'accounts'
const partitions = 2
const keys = 50
const settings = { 'log.cleaner.backoff.ms': '5', 'log.cleaner.threads': '2', 'log.segment.delete.delay.ms': '0' }
const configs = {
  'cleanup.policy': 'compact',
  'internal.segment.bytes': '20000',
  'min.cleanable.dirty.ratio': '0.01',
  'delete.retention.ms': '200',
}

interface Sent {
  readonly number: number
  readonly value: string | null
}

/** By partition and key, in the order of sending: all from the newest acknowledged one on. */
const sent = Array.from({ length: partitions }, () => new Map<string, Sent[]>())
/** By partition: what was acknowledged where. */
const acknowledged = Array.from({ length: partitions }, () => new Map<number, string>())
let count = 0

async function write(stele: Stele, partition: number, until: () => boolean): Promise<void> {
  const producer = stele.producer({ deliveryTimeoutMs: 400, createTopics: false })
  const newest = sent[partition] as Map<string, Sent[]>
  while (!until()) {
    const batch = Array.from({ length: 1 + (count % 5) }, () => {
      const number = count++
      const key = `key ${number % keys}`
      const value = number % 11 === 0 ? null : `${number} ${'x'.repeat(number % 300)}`
      newest.set(key, [...(newest.get(key) ?? []), { number, value }])
      return { number, key, value }
    })
    try {
      const records = batch.map(({ key, value }) => ({
        key: Buffer.from(key),
        value: value === null ? null : Buffer.from(value),
        partition,
      }))
      const [delivery] = await producer.send(topic, records)
      if (!delivery) continue
      batch.forEach(({ key, number, value }, at) => {
        newest.set(
          key,
          (newest.get(key) ?? []).filter((one) => one.number >= number),
        )
        acknowledged[partition]?.set(delivery.offset + at, `${key} = ${value}`)
      })
    } catch (error) {
      if (error instanceof ClientError) return
      throw error
    }
  }
}

interface Found {
  readonly latest: Map<string, string | null>[]
  readonly wrong: string[]
  records: number
}

async function readAll(bootstrap: string): Promise<Found> {
  await using stele = new Stele({ bootstrap })
  const found: Found = { latest: Array.from({ length: partitions }, () => new Map()), wrong: [], records: 0 }
  const last = Array.from({ length: partitions }, () => -1)
  for await (const records of stele.reader().batches(topic, { from: 'beginning', untilEnd: true })) {
    for (const { partition, offset, key, value } of records) {
      const text = value === null ? null : String(value)
      const said = acknowledged[partition]?.get(offset)
      if (offset <= (last[partition] as number)) found.wrong.push(`offset ${offset} after ${last[partition]}`)
      if (said !== undefined && said !== `${String(key)} = ${text}`)
        found.wrong.push(`offset ${offset} is ${String(key)} = ${text}, not ${said}`)
      last[partition] = offset
      found.latest[partition]?.set(String(key), text)
      found.records++
    }
  }
  return found
}

t.test(`${rounds} rounds of SIGKILL during compaction lose no key's newest value`, { timeout: 20_000 + rounds * 6_000 }, async (t) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'stele-kill-compaction-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true, force: true }))
  let broker = await BrokerProcess.start(directory, settings)
  await using admin = new Stele({ bootstrap: broker.bootstrap })
  await admin.topics.create([{ name: topic, partitions, configs }])
  await admin.close()
  let state = 12_345
  for (let round = 1; round <= rounds; round++) {
    const stele = new Stele({ bootstrap: broker.bootstrap, requestTimeoutMs: 5_000 })
    let killed = false
    const writers = Array.from({ length: partitions }, (_, partition) => write(stele, partition, () => killed))
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
    await new Promise((resolve) => setTimeout(resolve, 300 + (state % 700)))
    await broker.end('SIGKILL')
    killed = true
    await Promise.all(writers)
    await stele.close()
    const left = fs.readdirSync(path.join(directory, `${topic}-0`)).filter((name) => /cleaned|swap|deleted/.test(name))
    broker = await BrokerProcess.start(directory, settings)
    const found = await readAll(broker.bootstrap)
    t.comment(`round ${round}: ${count} records sent, ${found.records} found; in the folder: ${left.join(' ') || 'nothing of a swap'}`)
    t.same(found.wrong, [], `round ${round}: what is there is where it was`)
    const lost: string[] = []
    for (const [partition, newest] of sent.entries()) {
      for (const [key, possible] of newest) {
        const value = found.latest[partition]?.get(key) ?? null
        if (!possible.some((one) => one.value === value)) lost.push(`${key} of ${partition} is ${value}, not ${possible[0]?.value}`)
      }
    }
    t.same(lost, [], `round ${round}: the newest value of every key is there`)
  }
  t.equal(await broker.end('SIGTERM'), 0, 'SIGTERM ends it cleanly')
})
