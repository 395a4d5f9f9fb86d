/**
 * What a broker says on the stream (broker/gateway/PROTOCOL.md): each message once; types are inferred.
 */
import { bytes, flag, int, list, type MessageOf, nullable, object, type Of, optional, pair, text } from './shape.ts'

const int32Max = 2 ** 31 - 1
const manyMax = 1_000_000
const requestId = int(0)
const subscriptionId = int(0, int32Max)
const name = text(32_767)
const partitionIndex = int(0, int32Max)
const place = object({ topic: name, partition: partitionIndex })
const position = object({ topic: name, partition: partitionIndex, offset: int(0) })

const streamedRecord = object({
  offset: int(0),
  timestamp: int(-1),
  key: nullable(bytes),
  value: nullable(bytes),
  headers: optional(list(pair(name, nullable(bytes)), manyMax)),
})

const limits = object({
  frameBytes: int(1),
  subscriptions: int(1),
  partitions: int(1),
  requests: int(1),
  publishesPerPartition: int(1),
  idleMs: int(1),
})

export const serverMessages = {
  welcome: object({ session: text(64), limits }),
  subscribed: object({ subscription: subscriptionId, partitions: list(position, manyMax) }),
  assigned: object({ subscription: subscriptionId, partitions: list(position, manyMax) }),
  revoked: object({ subscription: subscriptionId, partitions: list(place, manyMax) }),
  unsubscribed: object({ subscription: subscriptionId }),
  records: object({
    subscription: subscriptionId,
    topic: name,
    partition: partitionIndex,
    records: list(streamedRecord, manyMax),
    next: int(0),
  }),
  batches: object({
    subscription: subscriptionId,
    topic: name,
    partition: partitionIndex,
    first: int(0),
    count: int(0),
    batches: bytes,
    next: int(0),
  }),
  starved: object({ subscription: subscriptionId, topic: name, partition: partitionIndex, bytes: int(1) }),
  committed: object({ request: requestId }),
  identity: object({ request: requestId, id: int(0), epoch: int(0) }),
  published: object({ request: requestId, offset: int(-1), timestamp: int(-1) }),
  topics: object({ request: requestId, topics: list(object({ name, partitions: int(0), internal: flag }), manyMax) }),
  ping: object({}),
  pong: object({}),
  error: object({
    request: optional(requestId),
    subscription: optional(subscriptionId),
    topic: optional(name),
    partition: optional(partitionIndex),
    code: text(256),
    message: name,
    retriable: flag,
  }),
}

export type ServerMessage = MessageOf<typeof serverMessages>
export type ServerMessageOf<T extends ServerMessage['type']> = Extract<ServerMessage, { type: T }>
export type StreamedRecord = Of<typeof streamedRecord>
export type StreamLimits = Of<typeof limits>
