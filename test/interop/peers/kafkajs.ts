/**
 * kafkajs as a peer, and what makes the topics of the suite (its admin client is there wherever the tests run).
 * kafkajs reads only as a member of a group, so the reading goes by what its own consumer stands on: its cluster's ListOffsets and its
 * broker's Fetch. It brings gzip alone; zstd is plugged in as its documentation says, from Node's own.
 */
import * as fs from 'node:fs'
import { createRequire } from 'node:module'
import * as zlib from 'node:zlib'
import { cached } from '../cache.ts'
import { memberActs, type MemberEvents, type Membership } from './group-members.ts'
import { fromOf, serve } from './line-peer.ts'
import { Reading, recordsIn } from './reading.ts'

interface Message {
  readonly offset: string
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Record<string, Buffer>
}
interface Batch {
  readonly partition: number
  readonly messages: Message[]
}
interface Broker {
  fetch(request: object): Promise<{ responses: { partitions: Batch[] }[] }>
}
interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  addTargetTopic(topic: string): Promise<void>
  findLeaderForPartitions(topic: string, partitions: number[]): Record<string, number[]>
  findBroker(which: { nodeId: string }): Promise<Broker>
  fetchTopicsOffset(topics: object[]): Promise<{ partitions: { partition: number; offset: string }[] }[]>
}

interface GroupConsumer {
  on(event: 'consumer.group_join', listener: (event: { payload: { memberAssignment: Record<string, number[]> } }) => void): void
  on(event: 'consumer.crash', listener: (event: { payload: { error: Error; restart: boolean } }) => void): void
  connect(): Promise<void>
  subscribe(options: { topics: string[]; fromBeginning: boolean }): Promise<void>
  run(options: { autoCommitThreshold: number; eachBatch: (payload: { batch: Batch }) => Promise<void> }): Promise<void>
  disconnect(): Promise<void>
}

const load = createRequire(cached('npm', 'package.json'))
const { Kafka, CompressionTypes, CompressionCodecs, logLevel } = load('kafkajs')
const InternalCluster = load('kafkajs/src/cluster')
const { createLogger } = load('kafkajs/src/loggers')
const consoleLogger = load('kafkajs/src/loggers/console')
const socketFactory = load('kafkajs/src/network/socketFactory')

CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async (encoder: { buffer: Buffer }) => zlib.zstdCompressSync(encoder.buffer),
  decompress: async (buffer: Buffer) => zlib.zstdDecompressSync(buffer),
})
const compression: Record<string, number> = { none: CompressionTypes.None, gzip: CompressionTypes.GZIP, zstd: CompressionTypes.ZSTD }

const batchRecords = 250
const maxBytesPerPartition = 1 << 20
const bootstrap = process.argv[2] ?? ''
const kafka = new Kafka({ clientId: 'kafkajs', brokers: [bootstrap], logLevel: logLevel.ERROR })

async function produce({ topic = '', codec = '', file = '' }: Record<string, string>): Promise<{ count: number }> {
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false })
  await producer.connect()
  try {
    const messages = [...recordsIn(fs.readFileSync(file))].map(({ timeMillis, key, value, headers }) => ({
      key,
      value,
      timestamp: String(timeMillis),
      headers: Object.fromEntries(headers),
    }))
    for (let sent = 0; sent < messages.length; sent += batchRecords) {
      await producer.send({ topic, acks: -1, compression: compression[codec], messages: messages.slice(sent, sent + batchRecords) })
    }
    return { count: messages.length }
  } finally {
    await producer.disconnect()
  }
}

function openCluster(isolationLevel: number): Cluster {
  return new InternalCluster({
    logger: createLogger({ level: logLevel.ERROR, logCreator: consoleLogger }),
    brokers: [bootstrap],
    clientId: 'kafkajs',
    connectionTimeout: 5000,
    metadataMaxAge: 300_000,
    isolationLevel,
    socketFactory: socketFactory(),
    offsets: new Map(),
  })
}

async function read(request: Record<string, string>): Promise<Record<string, string | number>> {
  const { topic = '', partitions = '' } = request
  const isolationLevel = request['isolation'] === 'read_committed' ? 1 : 0
  const indexes = Array.from({ length: Number(partitions) }, (_, index) => index)
  const cluster = openCluster(isolationLevel)
  await cluster.connect()
  try {
    await cluster.addTargetTopic(topic)
    const offsetsAt = async (when: object) => {
      const [found] = await cluster.fetchTopicsOffset([{ topic, partitions: indexes.map((partition) => ({ partition })), ...when }])
      const byPartition = new Map(found?.partitions.map(({ partition, offset }) => [partition, Number(offset)]))
      return indexes.map((index) => byPartition.get(index) ?? -1)
    }
    const ends = await offsetsAt({ fromBeginning: false })
    const from = fromOf(request)
    const starts = await startsOf(from, offsetsAt, ends)
    const reading = new Reading(indexes.length)
    for (const [leader, owned] of Object.entries(cluster.findLeaderForPartitions(topic, indexes))) {
      await drain(await cluster.findBroker({ nodeId: leader }), { topic, owned, starts, ends, isolationLevel }, reading)
    }
    return { ...reading.summary() }
  } finally {
    await cluster.disconnect()
  }
}

async function startsOf(
  from: ReturnType<typeof fromOf>,
  offsetsAt: (when: object) => Promise<number[]>,
  ends: number[],
): Promise<number[]> {
  if (from.from === 'beginning') return offsetsAt({ fromBeginning: true })
  if (from.from === 'offset') return [...from.offsets]
  const found = await offsetsAt({ fromTimestamp: from.timeMillis })
  return found.map((offset, index) => (offset === -1 ? (ends[index] ?? 0) : offset))
}

interface Job {
  topic: string
  owned: number[]
  starts: number[]
  ends: number[]
  isolationLevel: number
}

/** kafkajs gives the messages of whole batches, so those before the wanted offset come too. */
async function drain(broker: Broker, { topic, owned, starts, ends, isolationLevel }: Job, reading: Reading): Promise<void> {
  const next = [...starts]
  const left = () => owned.filter((index) => (next[index] as number) < (ends[index] as number))
  while (left().length > 0) {
    const partitions = left().map((partition) => ({ partition, fetchOffset: String(next[partition]), maxBytes: maxBytesPerPartition }))
    const { responses } = await broker.fetch({
      replicaId: -1,
      isolationLevel,
      maxWaitTime: 500,
      minBytes: 1,
      topics: [{ topic, partitions }],
    })
    for (const { partition, messages } of responses.flatMap((response) => response.partitions)) {
      for (const { offset, timestamp, key, value, headers } of messages) {
        if (Number(offset) < (next[partition] as number)) continue
        reading.add(partition, Number(offset), Number(timestamp), key, value, Object.entries(headers ?? {}))
        next[partition] = Number(offset) + 1
      }
    }
  }
}

async function create({ op: _, topic, partitions, ...configs }: Record<string, string>): Promise<Record<string, string>> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }))
    await admin.createTopics({
      waitForLeaders: true,
      topics: [{ topic, numPartitions: Number(partitions), replicationFactor: 1, configEntries }],
    })
    return {}
  } finally {
    await admin.disconnect()
  }
}

async function remove({ topic }: Record<string, string>): Promise<Record<string, string>> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    await admin.deleteTopics({ topics: [topic] })
    return {}
  } finally {
    await admin.disconnect()
  }
}

async function committed({ group: groupId, topic, partitions }: Record<string, string>): Promise<Record<string, string>> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    const [found]: { partitions: { partition: number; offset: string }[] }[] = await admin.fetchOffsets({ groupId, topics: [topic] })
    const offsets = Array.from({ length: Number(partitions) }, () => '-1')
    for (const { partition, offset } of found?.partitions ?? []) offsets[partition] = offset
    return { offsets: offsets.join(',') }
  } finally {
    await admin.disconnect()
  }
}

/** Its assignor is eager. The batch is committed by kafkajs when it has been noted. */
async function join(request: Record<string, string>, on: MemberEvents): Promise<Membership> {
  const { group: groupId, topic = '' } = request
  const sessionTimeout = Number(request['session'])
  const consumer: GroupConsumer = kafka.consumer({
    groupId,
    sessionTimeout,
    heartbeatInterval: sessionTimeout / 4,
    maxWaitTimeInMs: 200,
    allowAutoTopicCreation: false,
  })
  let assigned: readonly number[] = []
  consumer.on('consumer.group_join', ({ payload }) => {
    assigned = payload.memberAssignment[topic] ?? []
    on.rebalanced()
  })
  consumer.on('consumer.crash', ({ payload: { error, restart } }) => {
    if (!restart) on.failed(error)
  })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({
    autoCommitThreshold: 1,
    eachBatch: async ({ batch: { partition, messages } }) => {
      on.received(
        partition,
        messages.map(({ offset }) => offset),
      )
    },
  })
  return { assigned: () => assigned, leave: () => consumer.disconnect() }
}

await serve({ produce, read, create, delete: remove, committed, ...memberActs(join) })
