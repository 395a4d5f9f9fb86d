/**
 * What the codec costs: nanoseconds for each message of the hot paths, decoded and encoded, and for the whole way of a Produce
 * request from a frame to its answer's frame. `node bench/micro/codec.ts [filter]`
 */
import { performance } from 'node:perf_hooks'
import { decode, encode } from '../../client/protocol/compile.ts'
import { FrameCutter } from '../../client/protocol/frame.ts'
import { decodeRequestHeader, encodeRequest, encodeResponse } from '../../client/protocol/header.ts'
import { FetchRequest, FetchResponse } from '../../client/protocol/messages/fetch.ts'
import { HeartbeatRequest, HeartbeatResponse } from '../../client/protocol/messages/heartbeat.ts'
import { MetadataResponse } from '../../client/protocol/messages/metadata.ts'
import { ProduceRequest, ProduceResponse } from '../../client/protocol/messages/produce.ts'
import type { Input, Message } from '../../client/protocol/schema.ts'

const topicId = 'tzXsh7WnoG3XeLkziquKZw'
const records = Buffer.alloc(1024)
const named = { name: 'orders', topicId }

const produceRequest: Input<typeof ProduceRequest> = {
  acks: -1,
  timeoutMs: 30_000,
  topicData: [{ ...named, partitionData: [{ index: 3, records }] }],
}
const produceResponse: Input<typeof ProduceResponse> = {
  responses: [{ ...named, partitionResponses: [{ index: 3, baseOffset: 123_456, logStartOffset: 0 }] }],
}
const fetchRequest: Input<typeof FetchRequest> = {
  maxWaitMs: 500,
  minBytes: 1,
  maxBytes: 52_428_800,
  topics: [{ topic: 'orders', topicId, partitions: [{ partition: 3, fetchOffset: 123_456, partitionMaxBytes: 1_048_576 }] }],
}
const fetchResponse: Input<typeof FetchResponse> = {
  responses: [
    {
      topic: 'orders',
      topicId,
      partitions: [{ partitionIndex: 3, highWatermark: 123_500, lastStableOffset: 123_500, records: [records, records] }],
    },
  ],
}
const heartbeatRequest: Input<typeof HeartbeatRequest> = {
  groupId: 'billing',
  generationId: 7,
  memberId: 'consumer-1-0c4d63c2-9c4b-4f3b-8a3e',
}
const metadataResponse: Input<typeof MetadataResponse> = {
  brokers: [1, 2, 3].map((nodeId) => ({ nodeId, host: 'broker.internal', port: 9092 })),
  topics: Array.from({ length: 20 }, (_, topic) => ({
    name: `topic-${topic}`,
    topicId,
    partitions: Array.from({ length: 6 }, (_partition, partitionIndex) => ({
      partitionIndex,
      leaderId: 1,
      leaderEpoch: 4,
      replicaNodes: [1, 2, 3],
      isrNodes: [1, 2, 3],
    })),
  })),
}

const filter = process.argv[2] ?? ''

for (const version of [7, 9, 13]) messagePair(ProduceRequest, version, produceRequest, ProduceResponse, produceResponse)
for (const version of [11, 12, 17]) messagePair(FetchRequest, version, fetchRequest, FetchResponse, fetchResponse)
messagePair(HeartbeatRequest, 4, heartbeatRequest, HeartbeatResponse, {})
message(MetadataResponse, 12, metadataResponse)
for (const version of [7, 9, 13]) exchange(version)

function messagePair<Q extends Message, S extends Message>(
  request: Q,
  version: number,
  asked: Input<Q>,
  response: S,
  answered: Input<S>,
): void {
  message(request, version, asked)
  message(response, version, answered)
}

function message<M extends Message>(declaration: M, version: number, value: Input<M>): void {
  const bytes = Buffer.concat(encode(declaration, version, value))
  measure(`decode ${declaration.name} v${version}`, () => decode(declaration, version, bytes))
  measure(`encode ${declaration.name} v${version}`, () => encode(declaration, version, value))
}

function exchange(version: number): void {
  const one = Buffer.concat(encodeRequest(ProduceRequest, version, { correlationId: 1, clientId: 'bench' }, produceRequest))
  const received = Buffer.concat(Array.from({ length: 100 }, () => one))
  const cutter = new FrameCutter({ bytesMax: 1_000_000 })
  const answer = (frame: Buffer) => {
    const header = decodeRequestHeader(frame)
    const request = decode(ProduceRequest, header.apiVersion, frame, header.size)
    const responses = request.topicData.map(({ name, topicId: id, partitionData }) => ({
      name,
      topicId: id,
      partitionResponses: partitionData.map(({ index }) => ({ index, errorCode: 0, baseOffset: 77, logStartOffset: 0 })),
    }))
    encodeResponse(ProduceResponse, header.apiVersion, header.correlationId, { responses })
  }
  measure(`Produce v${version} from frame to frame`, () => cutter.push(received, answer), 100)
}

/** The fastest of several rounds: what the work costs when nothing else disturbs it. */
function measure(name: string, work: () => unknown, per = 1): void {
  if (!name.includes(filter)) return
  const rounds = 8
  const times = Math.ceil(50_000 / per)
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    for (let i = 0; i < times; i++) work()
    best = Math.min(best, ((performance.now() - start) * 1e6) / (times * per))
  }
  console.log(`${name.padEnd(40)} ${best.toFixed(0).padStart(7)} ns`)
}
