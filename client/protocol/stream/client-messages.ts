/**
 * What clients say on the stream (broker/gateway/PROTOCOL.md): each message once, with its bounds; types are inferred.
 */
import { bytes, either, int, list, type MessageOf, nullable, object, type Of, oneOf, optional, pair, text } from './shape.ts'

export const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

const int32Max = 2 ** 31 - 1
const requestId = int(0)
const subscriptionId = int(0, int32Max)
const topicName = text(249)
const partitionIndex = int(0, int32Max)
const partitionsMax = 10_000
/** More than that at once is no flow control. */
export const creditMax = 2 ** 40

const position = object({ topic: topicName, partition: partitionIndex, offset: int(0) })
const place = object({ topic: topicName, partition: partitionIndex })
const moment = object({ offset: optional(int(0)), time: optional(int(0)) })
const from = either(oneOf('beginning', 'end', 'committed'), (value) => typeof value === 'string', moment)
const credit = object({ records: optional(int(1, creditMax)), bytes: optional(int(1, creditMax)) })

export const publishedRecord = object({
  key: optional(nullable(bytes)),
  value: optional(nullable(bytes)),
  headers: optional(list(pair(text(32_767), nullable(bytes)), 1000)),
  timestamp: optional(int(0)),
})

export const clientMessages = {
  hello: object({ client: optional(text(256)), token: optional(text(16_384)), decodes: optional(list(oneOf(...codecs), codecs.length)) }),
  subscribe: object({
    subscription: subscriptionId,
    topics: optional(list(topicName, partitionsMax)),
    partitions: optional(list(place, partitionsMax)),
    from: optional(from),
    cursors: optional(list(position, partitionsMax)),
    group: optional(text(32_767)),
    instance: optional(text(249)),
    keys: optional(list(bytes, 1000)),
    isolation: optional(oneOf('committed', 'uncommitted')),
    credit: optional(credit),
  }),
  credit: object({ subscription: subscriptionId, records: optional(int(1, creditMax)), bytes: optional(int(1, creditMax)) }),
  pause: object({ subscription: subscriptionId }),
  resume: object({ subscription: subscriptionId }),
  unsubscribe: object({ subscription: subscriptionId }),
  release: object({ subscription: subscriptionId, partitions: list(place, partitionsMax) }),
  commit: object({ request: requestId, subscription: subscriptionId, cursors: list(position, partitionsMax) }),
  identify: object({ request: requestId }),
  publish: object({
    request: requestId,
    topic: topicName,
    partition: partitionIndex,
    records: list(publishedRecord, 100_000),
    producer: optional(object({ id: int(0), epoch: int(0, 32_767), sequence: int(0, int32Max) })),
  }),
  topics: object({ request: requestId, names: optional(list(topicName, partitionsMax)) }),
  ping: object({}),
  pong: object({}),
}

export type ClientMessage = MessageOf<typeof clientMessages>
export type ClientMessageOf<T extends ClientMessage['type']> = Extract<ClientMessage, { type: T }>
export type PublishedRecord = Of<typeof publishedRecord>
export type Cursor = Of<typeof position>
export type Place = Of<typeof place>
export type From = Of<typeof from>
