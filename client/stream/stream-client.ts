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
  readonly #open = new Set<AsyncDisposable>()

  constructor(
    { url, clientId = 'stele', token, connectTimeoutMs = 10_000, retry = { initialMs: 100, maxMs: 1000 } }: StreamOptions,
    platform: StreamPlatform,
  ) {
    this.#link = new Link({ url, clientId, token, connectTimeoutMs, retry, platform })
  }

  consumer<K = Uint8Array | null, V = Uint8Array | null>(options: StreamConsumerOptions<K, V>): StreamConsumer<K, V> {
    const consumer = new StreamConsumer(this.#link, { ...options, onClosed: () => this.#open.delete(consumer) })
    this.#open.add(consumer)
    return consumer
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

  /** Consumers leave their groups, then the connection ends; what producers have under way is not waited for (their `flush` does). */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#open].map((consumer) => consumer[Symbol.asyncDispose]()))
    this.#link.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
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
