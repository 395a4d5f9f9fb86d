/**
 * @platformatic/kafka as a peer.
 * Its stream reads only as a member of a group, so the reading goes by its consumer's own listOffsets and fetch, which ask for none.
 */
import * as fs from 'node:fs'
import { createRequire } from 'node:module'
import { cached } from '../cache.ts'
import { fromOf, serve } from './line-peer.ts'
import { Reading, recordsIn } from './reading.ts'

interface StoredRecord {
  readonly offsetDelta: number
  readonly timestampDelta: bigint
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Iterable<[Buffer, Buffer]>
}
interface Batch {
  readonly firstOffset: bigint
  readonly firstTimestamp: bigint
  readonly lastOffsetDelta: number
  readonly attributes: number
  readonly records: StoredRecord[]
}
interface Partition {
  readonly partitionIndex: number
  readonly records: Batch[] | null
}
interface Consumer {
  readonly topics: { track(topic: string): boolean }
  metadata(options: {
    topics: string[]
  }): Promise<{ topics: Map<string, { id: string; partitions: { leader: number; leaderEpoch: number }[] }> }>
  listOffsets(options: object): Promise<Map<string, bigint[]>>
  fetch(options: object): Promise<{ responses: { partitions: Partition[] }[] }>
  close(): Promise<void>
}

const { Producer, Consumer, compatibilityPartitioner } = createRequire(cached('npm', 'package.json'))('@platformatic/kafka')

const batchRecords = 250
const partitionMaxBytes = 1 << 20
const controlBatch = 0x20
const base = { clientId: 'platformatic', bootstrapBrokers: [process.argv[2] ?? ''] }

async function produce({ topic = '', codec = '', file = '' }: Record<string, string>): Promise<{ count: number }> {
  const producer = new Producer({ ...base, idempotent: true, compression: codec, partitioner: compatibilityPartitioner })
  try {
    const messages = [...recordsIn(fs.readFileSync(file))].map(({ timeMillis, key, value, headers }) => ({
      topic,
      key,
      value,
      timestamp: BigInt(timeMillis),
      headers: new Map(headers.map(([name, content]) => [Buffer.from(name), content])),
    }))
    for (let sent = 0; sent < messages.length; sent += batchRecords) {
      await producer.send({ messages: messages.slice(sent, sent + batchRecords) })
    }
    return { count: messages.length }
  } finally {
    await producer.close()
  }
}

async function read(request: Record<string, string>): Promise<Record<string, string | number>> {
  const { topic = '', partitions = '' } = request
  const isolationLevel = request['isolation'] === 'read_committed' ? 1 : 0
  const consumer: Consumer = new Consumer({ ...base, groupId: 'never-joined', isolationLevel })
  try {
    consumer.topics.track(topic)
    const offsetsAt = async (timestamp: bigint) =>
      (await consumer.listOffsets({ topics: [topic], timestamp, isolationLevel })).get(topic)?.map(Number) ?? []
    const ends = await offsetsAt(-1n)
    const next = await startsOf(request, offsetsAt, ends)
    const reading = new Reading(Number(partitions))
    const found = (await consumer.metadata({ topics: [topic] })).topics.get(topic)
    if (found?.partitions.length !== Number(partitions)) throw new Error(`${found?.partitions.length} partitions of ${partitions} found`)
    const leaders = new Set(found.partitions.map(({ leader }) => leader))
    for (const node of leaders) {
      const left = () =>
        [...next.keys()].filter((index) => found.partitions[index]?.leader === node && (next[index] as number) < (ends[index] as number))
      while (left().length > 0) {
        const wanted = left().map((partition) => ({
          partition,
          currentLeaderEpoch: found.partitions[partition]?.leaderEpoch,
          fetchOffset: BigInt(next[partition] as number),
          lastFetchedEpoch: -1,
          partitionMaxBytes,
        }))
        const { responses } = await consumer.fetch({
          node,
          maxWaitTime: 500,
          isolationLevel,
          topics: [{ topicId: found.id, partitions: wanted }],
        })
        for (const part of responses.flatMap((response) => response.partitions)) take(part, next, reading)
      }
    }
    return { ...reading.summary() }
  } finally {
    await consumer.close()
  }
}

async function startsOf(
  request: Record<string, string>,
  offsetsAt: (time: bigint) => Promise<number[]>,
  ends: number[],
): Promise<number[]> {
  const from = fromOf(request)
  if (from.from === 'beginning') return offsetsAt(-2n)
  if (from.from === 'offset') return [...from.offsets]
  const found = await offsetsAt(BigInt(from.timeMillis))
  return found.map((offset, index) => (offset === -1 ? (ends[index] ?? 0) : offset))
}

/** Whole batches come, so records before the wanted offset come too. */
function take({ partitionIndex, records: batches }: Partition, next: number[], reading: Reading): void {
  for (const { firstOffset, firstTimestamp, lastOffsetDelta, attributes, records } of batches ?? []) {
    for (const { offsetDelta, timestampDelta, key, value, headers } of (attributes & controlBatch) === 0 ? records : []) {
      const offset = Number(firstOffset) + offsetDelta
      if (offset < (next[partitionIndex] as number)) continue
      const named = [...headers].map(([name, content]): [string, Buffer] => [name.toString(), content])
      reading.add(partitionIndex, offset, Number(firstTimestamp + timestampDelta), key, value, named)
    }
    next[partitionIndex] = Math.max(next[partitionIndex] as number, Number(firstOffset) + lastOffsetDelta + 1)
  }
}

await serve({ produce, read })
