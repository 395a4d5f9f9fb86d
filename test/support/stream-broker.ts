/**
 * A broker in this process with its streams on a port, and somebody who speaks the stream protocol by hand.
 * Owns: the sockets that it opened. Expectations are the test's.
 */
import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { Services } from '../../broker/api/services.ts'
import type { Overrides } from '../../broker/config/settings.ts'
import type { Gateway } from '../../broker/gateway/gateway.ts'
import { silentLogger } from '../../broker/metrics/logger.ts'
import type { StreamFigures } from '../../broker/metrics/stream-metrics.ts'
import { nodeHttp } from '../../broker/platform/node/http.ts'
import type { HttpAnswer, HttpListener, HttpRequest } from '../../broker/platform/http.ts'
import { CreatePartitionsRequest, CreatePartitionsResponse } from '../../client/protocol/messages/create-partitions.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../../client/protocol/messages/create-topics.ts'
import { DeleteTopicsRequest, DeleteTopicsResponse } from '../../client/protocol/messages/delete-topics.ts'
import { ProduceRequest, ProduceResponse } from '../../client/protocol/messages/produce.ts'
import type { ClientMessage } from '../../client/protocol/stream/client-messages.ts'
import { decodeMsgpack, encodeMsgpack } from '../../client/protocol/stream/msgpack.ts'
import { decodeJson, encodeJson } from '../../client/protocol/stream/json.ts'
import { readMessage } from '../../client/protocol/stream/shape.ts'
import { type ServerMessage, serverMessages, type ServerMessageOf } from '../../client/protocol/stream/server-messages.ts'
import { type NewRecord, buildBatch, type BatchOptions } from '../../client/records/builder.ts'
import { BrokerInProcess } from './broker-in-process.ts'
import { RawClient } from './raw-client.ts'

const notFound = () => ({ status: 404, contentType: 'text/plain', body: '' })

export class StreamBroker {
  readonly node: BrokerInProcess
  readonly #http: HttpListener
  /** Of the same broker, over Kafka's protocol. */
  readonly #client: RawClient

  private constructor(node: BrokerInProcess, http: HttpListener, client: RawClient) {
    this.node = node
    this.#http = http
    this.#client = client
  }

  /** @param answer what is at other paths of the port. */
  static async start(
    settings: Overrides = {},
    answer: (request: HttpRequest) => HttpAnswer = notFound,
    { directory, port = 0 }: { directory?: string; port?: number } = {},
  ): Promise<StreamBroker> {
    const node = await BrokerInProcess.start(settings, directory === undefined ? {} : { directory })
    const http = await nodeHttp.listen({ host: '127.0.0.1', port }, answer, () => node.broker.gateway())
    return new StreamBroker(node, http, await RawClient.connect(node.port))
  }

  get port(): number {
    return this.#http.address.port
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`
  }

  /** The parts that a gateway of the test's own needs. */
  get services(): Services {
    return this.node.broker.services
  }

  readonly logger = silentLogger

  /** Another port, where this gateway is. */
  listen(gateway: Gateway): Promise<HttpListener> {
    return nodeHttp.listen({ host: '127.0.0.1', port: 0 }, notFound, async () => gateway)
  }

  async figures(): Promise<StreamFigures> {
    return (await this.node.broker.gateway()).figures()
  }

  /** How many streams the broker closed with this code. */
  closes(code: number): number {
    return this.node.broker.sources().streams()?.closed.get(code) ?? 0
  }

  async create(name: string, numPartitions = 1, settings: Record<string, string> = {}): Promise<void> {
    const configs = Object.entries(settings).map(([name, value]) => ({ name, value }))
    const topics = [{ name, numPartitions, replicationFactor: 1, configs }]
    const answer = await this.#client.ask(CreateTopicsRequest, CreateTopicsResponse, 5, { topics, timeoutMs: 10_000 })
    if (answer?.topics[0]?.errorCode !== 0) throw new Error(`topic ${name} was not made`)
  }

  async grow(name: string, count: number): Promise<void> {
    await this.#client.ask(CreatePartitionsRequest, CreatePartitionsResponse, 3, {
      topics: [{ name, count, assignments: null }],
      timeoutMs: 10_000,
    })
  }

  async delete(name: string): Promise<void> {
    await this.#client.ask(DeleteTopicsRequest, DeleteTopicsResponse, 5, { topicNames: [name], timeoutMs: 10_000 })
  }

  /** One batch. */
  async produce(
    topic: string,
    records: readonly NewRecord[],
    { partition = 0, ...options }: { partition?: number } & Partial<BatchOptions> = {},
  ): Promise<void> {
    const batch = buildBatch({ ...options, records })
    const topicData = [{ name: topic, partitionData: [{ index: partition, records: batch }] }]
    const answer = await this.#client.ask(ProduceRequest, ProduceResponse, 9, { acks: -1, timeoutMs: 10_000, topicData })
    const code = answer?.responses[0]?.partitionResponses[0]?.errorCode
    if (code !== 0) throw new Error(`${topic}-${partition} took no records: ${code}`)
  }

  /** Records `first` to `first + count - 1`, by key `k<n>` and value `v<n>`. */
  fill(topic: string, count: number, { first = 0, partition = 0 }: { first?: number; partition?: number } = {}): Promise<void> {
    const records = Array.from({ length: count }, (_, index) => ({
      timestamp: 1_700_000_000_000 + index,
      key: Buffer.from(`k${first + index}`),
      value: Buffer.from(`v${first + index}`),
    }))
    return this.produce(topic, records, { partition })
  }

  async close(): Promise<void> {
    this.#client.close()
    await this.node.close()
    await this.#http.close()
  }
}

/** One stream, by hand. */
export class StreamPeer {
  readonly socket: WebSocket
  readonly closed: Promise<{ code: number; reason: string }>
  readonly #isText: boolean
  readonly #arrived: ServerMessage[] = []
  #wake: (() => void) | undefined
  #isClosed = false

  constructor(url: string, { subprotocol = 'stele.v1.msgpack', origin }: { subprotocol?: string; origin?: string } = {}) {
    this.#isText = subprotocol === 'stele.v1.json'
    this.socket = new WebSocket(`${url}/v1/stream`, subprotocol, origin === undefined ? {} : { origin })
    this.socket.on('error', () => undefined)
    this.socket.on('message', (data: Buffer, isBinary: boolean) => {
      const value = isBinary ? decodeMsgpack(data) : decodeJson(data.toString())
      this.#arrived.push(readMessage(serverMessages, value))
      this.#wake?.()
    })
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => {
        this.#isClosed = true
        this.#wake?.()
        resolve({ code, reason: reason.toString() })
      })
    })
  }

  /** Opened and welcomed. */
  static async open(url: string, options: { subprotocol?: string; decodes?: ('none' | 'gzip')[] } = {}): Promise<StreamPeer> {
    const peer = new StreamPeer(url, options)
    await once(peer.socket, 'open')
    peer.send({ type: 'hello', ...(options.decodes && { decodes: options.decodes }) })
    await peer.next('welcome')
    return peer
  }

  send(message: ClientMessage): void {
    this.socket.send(this.#isText ? encodeJson(message) : encodeMsgpack(message))
  }

  /** What came and was not taken, oldest first. */
  get waiting(): readonly ServerMessage[] {
    return this.#arrived
  }

  /** The next message, which must be of this type; pings are passed over. */
  async next<T extends ServerMessage['type']>(type: T): Promise<ServerMessageOf<T>> {
    for (;;) {
      const message = this.#arrived.shift()
      if (message?.type === 'ping' && type !== 'ping') continue
      if (message) {
        if (message.type !== type) throw new Error(`${type} was expected, and came: ${encodeJson(message)}`)
        return message as ServerMessageOf<T>
      }
      if (this.#isClosed) throw new Error(`${type} was expected, and the stream was closed`)
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  /** Values of the next `count` records, over as many messages as they come in. */
  async values(count: number): Promise<string[]> {
    const values: string[] = []
    while (values.length < count) {
      const { records } = await this.next('records')
      for (const { value } of records) values.push(Buffer.from(value ?? []).toString())
    }
    return values
  }

  async close(): Promise<void> {
    this.socket.close()
    await this.closed
  }
}
