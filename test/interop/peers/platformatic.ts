/**
 * @platformatic/kafka as a peer.
 * Its stream reads only as a member of a group, so the reading goes by its consumer's own listOffsets and fetch, which ask for none.
 */
import * as fs from 'node:fs'
import { createRequire } from 'node:module'
import { cached } from '../cache.ts'
import { memberActs, type MemberEvents, type Membership } from './group-members.ts'
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
interface Message {
  readonly partition: number
  readonly offset: bigint
  commit(): Promise<void>
}
interface MessageStream extends AsyncIterable<Message> {
  close(): Promise<void>
}
interface GroupConsumer {
  readonly assignments: readonly { partitions: number[] }[] | null
  on(event: 'consumer:group:join', listener: () => void): void
  consume(options: object): Promise<MessageStream>
  close(force: boolean): Promise<void>
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

/** Commits record by record, each when it has been noted. */
async function join(request: Record<string, string>, on: MemberEvents): Promise<Membership> {
  const { group: groupId, topic, session, instance, assignor } = request
  const sessionTimeout = Number(session)
  const classic = { sessionTimeout, heartbeatInterval: sessionTimeout / 4 }
  let consumer: GroupConsumer
  let stream: MessageStream
  let leaving = false
  const open = async () => {
    consumer = new Consumer({
      ...base,
      groupId,
      ...(assignor === 'broker' ? { groupProtocol: 'consumer' } : classic),
      ...(instance === undefined ? {} : { groupInstanceId: instance }),
      maxWaitTime: 200,
    })
    consumer.on('consumer:group:join', () => on.rebalanced())
    stream = await consumer.consume({ topics: [topic], mode: 'committed', fallbackMode: 'earliest', autocommit: false })
  }
  const receive = async () => {
    for await (const { partition, offset, commit } of stream) {
      on.received(partition, [offset])
      await commit()
    }
  }
  // A stream of a member that was away too long is over, and the application makes another one.
  const receiveUntilLeft = async () => {
    for (;;) {
      await receive().catch(unlessMoved)
      await consumer.close(true)
      if (leaving) return
      await open()
    }
  }
  await open()
  const left = receiveUntilLeft().catch((error: unknown) => on.failed(error))
  return {
    assigned: () => consumer.assignments?.flatMap(({ partitions }) => partitions) ?? [],
    leave: async () => {
      leaving = true
      await stream.close()
      await left
    },
  }
}

/** Where the group has moved on, whoever has the partition now receives the record again. */
function unlessMoved(error: Error & { findBy?(property: string, value: unknown): unknown }): void {
  const moved = ['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS', 'STALE_MEMBER_EPOCH', 'FENCED_MEMBER_EPOCH']
  if (!moved.some((id) => error.findBy?.('apiId', id))) throw error
}

await serve({ produce, read, ...memberActs(join) })
