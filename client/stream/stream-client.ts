/**
 * The client over WebSocket: the same API as over Kafka's protocol, where there is no such thing as a socket.
 *
 *     const stele = new Stele({ url: 'ws://127.0.0.1:9644' })
 *     for await (const order of stele.consumer({ topics: ['orders'], value: json<Order>() })) console.log(order)
 */
import type { StreamPlatform } from '../platform/stream-socket.ts'
import { ClientError } from '../network/client-error.ts'
import { StreamConsumer, type StreamConsumerOptions } from './consumer.ts'
import { Link } from './link.ts'
import { StreamProducer, type StreamProducerOptions } from './producer.ts'

export interface StreamOptions {
  /** `ws://host:port` or `wss://…` of the broker's HTTP port. */
  readonly url: string
  readonly clientId?: string
  /** Proves who it is. */
  readonly token?: string
  readonly connectTimeoutMs?: number
  /** Between attempts to connect. */
  readonly retry?: { readonly initialMs: number; readonly maxMs: number }
}

export interface StreamTopic {
  readonly name: string
  readonly partitions: number
  readonly internal: boolean
}

export class StreamClient {
  readonly #link: Link

  constructor(
    { url, clientId = 'stele', token, connectTimeoutMs = 10_000, retry = { initialMs: 100, maxMs: 1000 } }: StreamOptions,
    platform: StreamPlatform,
  ) {
    this.#link = new Link({ url, clientId, token, connectTimeoutMs, retry, platform })
  }

  consumer<K = Uint8Array | null, V = Uint8Array | null>(options: StreamConsumerOptions<K, V>): StreamConsumer<K, V> {
    return new StreamConsumer(this.#link, options)
  }

  producer<K = Uint8Array | null, V = Uint8Array | null>(options: StreamProducerOptions<K, V> = {}): StreamProducer<K, V> {
    return new StreamProducer(this.#link, options)
  }

  /** All that there are. Rejects where the connection breaks before they came. */
  async topics(): Promise<StreamTopic[]> {
    await this.#opened()
    const answer = await this.#link.ask({ type: 'topics' })
    if (answer.type !== 'topics') throw new ClientError('MALFORMED_RESPONSE', `topics was answered with ${answer.type}`)
    return answer.topics
  }

  /** Ends the connection, and with it every consumer and producer. */
  close(): void {
    this.#link.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      const speaker = {
        opened: () => {
          this.#link.detach(speaker)
          resolve()
        },
        lost: () => undefined,
        failed: reject,
      }
      this.#link.attach(speaker)
    })
  }
}
