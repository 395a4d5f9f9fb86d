/**
 * The browser's door: the client over WebSocket. It works wherever there is a global WebSocket, in Node too.
 *
 *     import { Stele, json } from 'stele'
 *     const stele = new Stele({ url: 'ws://127.0.0.1:9644' })
 *     await stele.producer({ value: json() }).send('orders', { value: { id: 7 } })
 *     for await (const { offset, value } of stele.consumer({ topics: ['orders'], value: json() })) console.log(offset, value)
 */
import { browserPlatform } from './platform/browser.ts'
import { StreamClient, type StreamOptions } from './stream/stream-client.ts'

export { ClientError } from './network/client-error.ts'
export type { Partitioner } from './producer/partitioner.ts'
export type { Cursor, From, Place } from './protocol/stream/client-messages.ts'
export { bytes, float64, int32, int64, json, type Serde, text } from './serde/serde.ts'
export type { StandardSchema } from './serde/standard-schema.ts'
export type { StreamBatch, StreamConsumer, StreamConsumerOptions, StreamRecord } from './stream/consumer.ts'
export type { StreamDelivery, StreamProducer, StreamProducerOptions, StreamProducerRecord } from './stream/producer.ts'
export type { StreamOptions, StreamTopic } from './stream/stream-client.ts'

export class Stele extends StreamClient {
  constructor(options: StreamOptions) {
    super(options, browserPlatform)
  }
}
