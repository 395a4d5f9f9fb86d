/**
 * A running broker that is sent what no honest client sends, whole requests made wrong, for some seconds: it never breaks, nobody else
 * notices, and its memory stays within bounds. SEED=n repeats the same requests, SECONDS=n goes on for longer.
 */
import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { servedApis } from '../../broker/api/table.ts'
import { decode } from '../../client/protocol/compile.ts'
import { encodeRequest } from '../../client/protocol/header.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../../client/protocol/messages/create-topics.ts'
import { DeleteRecordsRequest } from '../../client/protocol/messages/delete-records.ts'
import { FetchRequest, FetchResponse } from '../../client/protocol/messages/fetch.ts'
import { ListOffsetsRequest } from '../../client/protocol/messages/list-offsets.ts'
import { ProduceRequest, ProduceResponse } from '../../client/protocol/messages/produce.ts'
import type { Input, Message } from '../../client/protocol/schema.ts'
import { batchField, batchHeaderBytes, logOverheadBytes, RecordBatch } from '../../client/records/batch.ts'
import { codecNames } from '../../client/records/compression/codec.ts'
import { testBatch } from '../support/batches.ts'
import { BrokerInProcess } from '../support/broker-in-process.ts'
import { RawClient } from '../support/raw-client.ts'
import { mangler } from './mangler.ts'

const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31))
const seconds = Number(process.env['SECONDS'] ?? 3)
const again = `SEED=${seed} node test/fuzz/broker.test.ts`
const { random, damaged, noise } = mangler(seed)

/** Connections that misbehave at the same time. */
const attackers = 6
/** A long poll is not waited for. */
const patienceMillis = 40
const memoryBytesMax = 400 * 1024 * 1024

const frame = <Q extends Message>(request: Q, version: number, body: Input<Q>) =>
  Buffer.concat(encodeRequest(request, version, { correlationId: 7, clientId: 'fuzz' }, body))

/** Of every API served, in every version, as the golden bytes have them: well-formed nonsense. */
function goldenRequests(): Buffer[] {
  const served = servedApis()
  const text = gunzipSync(readFileSync(new URL('../golden/messages.jsonl.gz', import.meta.url))).toString()
  return text.split('\n').flatMap((line) => {
    if (!/"kind":"request".*"case":"(?:default|random|nulls|edge)"/.test(line)) return []
    const { key, version, hex } = JSON.parse(line) as { key: number; version: number; hex: string }
    const api = served.get(key)
    if (!api || version < api.versions[0] || version > api.versions[1]) return []
    return [frame(api.request, version, decode(api.request, version, Buffer.from(hex, 'hex')))]
  })
}

/** Requests about a topic that is there. */
function realRequests(topicId: string): Buffer[] {
  const partitionData = (records: Buffer) => [{ index: 0, records }]
  const batches = [
    testBatch({ timestamp: Date.now(), count: 3 }),
    testBatch({ timestamp: Date.now(), count: 20, codec: 'gzip' }),
    testBatch({ timestamp: Date.now(), count: 20, codec: 'snappy' }),
    testBatch({ timestamp: Date.now(), count: 20, codec: 'lz4' }),
    testBatch({ timestamp: Date.now(), count: 20, codec: 'zstd' }),
    testBatch({ timestamp: Date.now(), producerId: 5, producerEpoch: 0, baseSequence: 0 }),
  ]
  const produced = batches.flatMap((records) => [
    ...[3, 8, 9, 12].map((version) =>
      frame(ProduceRequest, version, {
        acks: version % 3 === 0 ? 1 : -1,
        timeoutMs: 100,
        topicData: [{ name: 'words', partitionData: partitionData(records) }],
      }),
    ),
    frame(ProduceRequest, 13, { acks: 1, timeoutMs: 100, topicData: [{ topicId, partitionData: partitionData(records) }] }),
  ])
  const fetched = [0, 2, 4, 7, 11, 12, 13, 17].map((version) => {
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 100_000 }]
    const topic = version >= 13 ? { topicId, partitions } : { topic: 'words', partitions }
    return frame(FetchRequest, version, { maxWaitMs: 5, minBytes: 1, topics: [topic], ...(version >= 7 && { sessionEpoch: 0 }) })
  })
  const asked = [1, 4, 8, 11].map((version) =>
    frame(ListOffsetsRequest, version, { replicaId: -1, topics: [{ name: 'words', partitions: [{ partitionIndex: 0, timestamp: -1 }] }] }),
  )
  const deleted = frame(DeleteRecordsRequest, 2, {
    topics: [{ name: 'words', partitions: [{ partitionIndex: 0, offset: 1 }] }],
    timeoutMs: 100,
  })
  return [...produced, ...fetched, ...asked, deleted]
}

/** A batch that is wrong inside of a checksum that is right. */
function produceOfDamaged(): Buffer {
  const codec = codecNames[random(codecNames.length)] ?? 'none'
  const options = random(2) === 0 ? {} : { producerId: random(5), producerEpoch: random(3), baseSequence: random(4) }
  const good = testBatch({ timestamp: Date.now(), count: 1 + random(30), codec, ...options })
  const bytes = damaged(good)
  if (bytes.length < batchHeaderBytes) return frame(ProduceRequest, 9, produce(bytes))
  good.copy(bytes, 0, 0, batchField.attributes)
  bytes.writeInt32BE(bytes.length - logOverheadBytes, batchField.batchLength)
  new RecordBatch(bytes).seal()
  return frame(ProduceRequest, 9, produce(bytes))
}

const produce = (records: Buffer) => ({
  acks: random(2),
  timeoutMs: 100,
  topicData: [{ name: 'words', partitionData: [{ index: 0, records }] }],
})

/** Now and then as it should be; mostly damaged within a frame of the right size, or damaged as a stream. */
function attack(requests: readonly Buffer[]): Buffer {
  const request = requests[random(requests.length)] as Buffer
  const kind = random(10)
  if (kind === 0) return request
  if (kind === 1) return noise(random(200))
  if (kind === 2) return damaged(request)
  if (kind === 3) return produceOfDamaged()
  let body = damaged(request.subarray(4))
  while (random(3) === 0) body = damaged(body)
  // The API and its version stay, or hardly anything would be let in.
  if (body.length >= 4) request.copy(body, 0, 4, 8)
  const size = Buffer.alloc(4)
  size.writeInt32BE(body.length)
  return Buffer.concat([size, body])
}

const within = (millis: number) => new Promise<void>((resolve) => setTimeout(resolve, millis))

t.setTimeout(60_000 + seconds * 1000)

t.test('no bytes break a running broker, and whoever else uses it does not notice', { timeout: 60_000 + seconds * 1000 }, async (t) => {
  const running = await BrokerInProcess.start({ 'socket.request.max.bytes': 4_000_000, 'queued.max.request.bytes': 8_000_000 })
  t.teardown(() => running.close())
  const client = await RawClient.connect(running.port)
  t.teardown(() => client.close())
  const created = await client.ask(CreateTopicsRequest, CreateTopicsResponse, 7, {
    topics: ['words', 'witness'].map((name) => ({ name, numPartitions: 1, replicationFactor: 1 })),
    timeoutMs: 5000,
  })
  const requests = realRequests(created?.topics[0]?.topicId ?? '')
  const golden = goldenRequests()
  t.ok(golden.length > 100)
  const until = performance.now() + seconds * 1000
  let sent = 0
  let answered = 0

  async function misbehave(): Promise<void> {
    while (performance.now() < until) {
      const attacker = await RawClient.connect(running.port)
      for (let count = 0; count < 20 && !attacker.socket.destroyed; count++) {
        attacker.write(attack(random(3) === 0 ? golden : requests))
        sent++
        if (await Promise.race([attacker.frame(), within(patienceMillis)])) answered++
      }
      attacker.close()
    }
  }

  /** Records of its own, written and read back in between. */
  async function witness(): Promise<number> {
    let offset = 0
    while (performance.now() < until) {
      const records = testBatch({ timestamp: Date.now(), values: [`witness ${offset}`] })
      const topicData = [{ name: 'witness', partitionData: [{ index: 0, records }] }]
      const produced = await client.ask(ProduceRequest, ProduceResponse, 9, { acks: -1, timeoutMs: 20_000, topicData })
      const { errorCode, baseOffset } = produced?.responses[0]?.partitionResponses[0] ?? {}
      const fetched = await client.ask(FetchRequest, FetchResponse, 4, {
        maxWaitMs: 5000,
        minBytes: 1,
        maxBytes: 1 << 20,
        topics: [{ topic: 'witness', partitions: [{ partition: 0, fetchOffset: offset, partitionMaxBytes: 1 << 20 }] }],
      })
      const read = fetched?.responses[0]?.partitions[0]?.records
      if (errorCode !== 0 || baseOffset !== offset || !read?.includes(`witness ${offset}`)) {
        t.fail(`the witness is disturbed at offset ${offset}; again: ${again}`, { errorCode, baseOffset })
        break
      }
      offset++
    }
    return offset
  }

  const [records] = await Promise.all([witness(), ...Array.from({ length: attackers }, misbehave)])
  t.same(running.fatal, [], again)
  const ours = running.log.filter(({ fields }) => /cannot be|no such field|more than a string may/.test(String(fields['reason'])))
  t.same(ours, [], `no answer was one that its version cannot express; again: ${again}`)
  t.ok(answered > sent / 20, 'requests were let in')
  t.ok(records > 10, 'the witness went on')
  const { rss } = process.memoryUsage()
  t.ok(rss < memoryBytesMax, `${Math.round(rss / 1024 / 1024)} MB resident`)
  t.comment(
    `${sent} requests, ${answered} answered, ${records} records beside them, ${Math.round(rss / 1024 / 1024)} MB resident. ${again}`,
  )
})
