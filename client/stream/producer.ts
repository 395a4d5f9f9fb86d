/**
 * Sends records over a stream: acknowledged as safely as `acks=all`, each partition's in order, each once, over any number of connections.
 * Owns: a lane for each partition, the bound on what it holds, and the time a record may take. Never: numbers records (lane.ts).
 */
import { ClientError } from '../network/client-error.ts'
import { type Partitioner, stickyPartitioner } from '../producer/partitioner.ts'
import { bytes, type Serde } from '../serde/serde.ts'
import { Lane, type LaneShell } from './lane.ts'
import type { Link, Speaker } from './link.ts'

export interface StreamProducerRecord<K, V> {
  readonly key?: K
  readonly value: V
  readonly headers?: readonly (readonly [key: string, value: Uint8Array | null])[]
  /** Milliseconds since the Unix epoch; the time of sending if left out. */
  readonly timestamp?: number
  /** Where it goes; else the partitioner says. */
  readonly partition?: number | undefined
}

export interface StreamDelivery {
  readonly partition: number
  /** -1 where the broker knew it from before, and not where. */
  readonly offset: number
}

export interface StreamProducerOptions<K, V> {
  readonly key?: Pick<Serde<K>, 'encode'>
  readonly value?: Pick<Serde<V>, 'encode'>
  readonly partitioner?: Partitioner
  /** How long a record may take, connections that break included. */
  readonly deliveryTimeoutMs?: number
  /** The most that a producer holds: who sends more waits. */
  readonly bufferBytes?: number
}

const defaults = { deliveryTimeoutMs: 120_000, bufferBytes: 4 * 1024 * 1024 }
const expiryCheckMs = 250
const restMs = 100
/** What a record takes besides its bytes, at most: its fields' names, lengths and numbers. */
const recordBytes = 64
/** Records that go together. */
const publishBytesMax = 256 * 1024
/** Of a publish, around its records. */
const publishOverheadBytes = 1024

export class StreamProducer<K = Uint8Array | null, V = Uint8Array | null> implements Speaker {
  readonly #link: Link
  readonly #encodeKey: (key: K) => Uint8Array | null
  readonly #encodeValue: (value: V) => Uint8Array | null
  readonly #partitioner: Partitioner
  readonly #options: typeof defaults
  readonly #lanes = new Map<string, Lane>()
  readonly #partitions = new Map<string, Promise<number>>()
  /** By topic: the last send that waits to be placed. */
  readonly #lines = new Map<string, Promise<void>>()
  #openWanted: (() => void)[] = []
  #roomWanted: (() => void)[] = []
  #drainWanted: (() => void)[] = []
  #pumping = new Set<Lane>()
  #heldBytes = 0
  #unsettled = 0
  #failure: ClientError | undefined
  #isChecking = false

  constructor(link: Link, options: StreamProducerOptions<K, V>) {
    this.#link = link
    const { key = bytes, value = bytes } = options as { key?: Pick<Serde<unknown>, 'encode'>; value?: Pick<Serde<unknown>, 'encode'> }
    this.#encodeKey = (given) => key.encode(given)
    this.#encodeValue = (given) => value.encode(given)
    this.#partitioner = options.partitioner ?? stickyPartitioner()
    const { deliveryTimeoutMs = defaults.deliveryTimeoutMs, bufferBytes = defaults.bufferBytes } = options
    this.#options = { deliveryTimeoutMs, bufferBytes }
    link.attach(this)
  }

  opened(): void {
    for (const wake of this.#openWanted.splice(0)) wake()
    for (const lane of this.#lanes.values()) lane.pump()
  }

  lost(): void {
    // Partitions may have been added meanwhile, or the topic made anew.
    this.#partitions.clear()
  }

  failed(error: ClientError): void {
    this.#failure ??= error
    for (const lane of this.#lanes.values()) lane.fail(error)
    for (const wake of [...this.#openWanted.splice(0), ...this.#roomWanted.splice(0)]) wake()
  }

  /** Resolves when the broker has them. Rejects with a ClientError: of several, the first that failed. */
  send(topic: string, record: StreamProducerRecord<K, V>): Promise<StreamDelivery>
  send(topic: string, records: readonly StreamProducerRecord<K, V>[]): Promise<StreamDelivery[]>
  async send(
    topic: string,
    given: StreamProducerRecord<K, V> | readonly StreamProducerRecord<K, V>[],
  ): Promise<StreamDelivery | StreamDelivery[]> {
    const records = (Array.isArray(given) ? given : [given]) as readonly StreamProducerRecord<K, V>[]
    const deliveries = await this.#inLine(topic, () => this.#placeAll(topic, records))
    if (!Array.isArray(given)) return deliveries[0] as Promise<StreamDelivery>
    const settled = await Promise.allSettled(deliveries)
    const failed = settled.find((one) => one.status === 'rejected')
    if (failed) throw failed.reason
    return settled.map((one) => (one as PromiseFulfilledResult<StreamDelivery>).value)
  }

  /** What is sent first is placed first, however long it takes to learn where to. */
  #inLine<T>(topic: string, act: () => Promise<T>): Promise<T> {
    const before = this.#lines.get(topic)
    const turn = before ? before.then(act) : act()
    const over = turn.then(
      () => undefined,
      () => undefined,
    )
    this.#lines.set(topic, over)
    void over.then(() => {
      if (this.#lines.get(topic) === over) this.#lines.delete(topic)
    })
    return turn
  }

  async #placeAll(topic: string, records: readonly StreamProducerRecord<K, V>[]): Promise<Promise<StreamDelivery>[]> {
    const deadline = this.#link.options.platform.now() + this.#options.deliveryTimeoutMs
    const partitions = await this.#partitionsOf(topic, deadline)
    const deliveries: Promise<StreamDelivery>[] = []
    for (const record of records) {
      while (this.#heldBytes >= this.#options.bufferBytes && !this.#failure)
        await new Promise<void>((resolve) => this.#roomWanted.push(resolve))
      const delivery = this.#place(topic, record, partitions, deadline)
      // Whoever sends hears of it, when all are placed.
      delivery.catch(() => undefined)
      deliveries.push(delivery)
    }
    return deliveries
  }

  /** Resolves once nothing is under way any more, however it ended. */
  async flush(): Promise<void> {
    if (this.#unsettled > 0) await new Promise<void>((resolve) => this.#drainWanted.push(resolve))
  }

  async close(): Promise<void> {
    await this.flush()
    this.failed(new ClientError('PRODUCER_CLOSED', 'this producer is closed'))
    this.#link.detach(this)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #partitionsOf(topic: string, deadline: number): Promise<number> {
    for (;;) {
      if (this.#failure) throw this.#failure
      try {
        return await this.#askPartitions(topic)
      } catch (error) {
        if (!(error instanceof ClientError) || !error.retriable) throw error
        if (this.#link.options.platform.now() >= deadline) throw error
        await this.#untilOpen()
      }
    }
  }

  #askPartitions(topic: string): Promise<number> {
    const known = this.#partitions.get(topic)
    if (known) return known
    const asked = this.#link.ask({ type: 'topics', names: [topic] }).then((answer) => {
      const partitions = answer.type === 'topics' ? (answer.topics[0]?.partitions ?? 0) : 0
      if (partitions === 0) throw new ClientError('UNKNOWN_TOPIC_OR_PARTITION', `topic '${topic}' does not exist`, { topic })
      return partitions
    })
    this.#partitions.set(topic, asked)
    asked.catch(() => this.#partitions.delete(topic))
    return asked
  }

  /** There is a connection; or it is time to look again. */
  #untilOpen(): Promise<void> {
    return new Promise<void>((resolve) => {
      this.#openWanted.push(resolve)
      this.#link.options.platform.after(expiryCheckMs, resolve)
    })
  }

  #place(
    topic: string,
    { key, value, headers, timestamp, partition: chosen }: StreamProducerRecord<K, V>,
    partitions: number,
    deadline: number,
  ): Promise<StreamDelivery> {
    if (this.#failure) return Promise.reject(this.#failure)
    const encodedKey = key === undefined ? null : this.#encodeKey(key)
    const encodedValue = this.#encodeValue(value)
    const partition = chosen ?? this.#partitioner(topic, encodedKey, partitions)
    const record = {
      key: encodedKey,
      value: encodedValue,
      ...(headers && { headers: [...headers] }),
      timestamp: timestamp ?? this.#link.options.platform.now(),
    }
    if (!(partition >= 0 && partition < partitions)) {
      const why = `topic '${topic}' has no partition ${partition}, only ${partitions}, counted from 0`
      return Promise.reject(new ClientError('UNKNOWN_TOPIC_OR_PARTITION', why, { topic, partition }))
    }
    const headerBytes = headers?.reduce((sum, [name, content]) => sum + 3 * name.length + recordBytes + (content?.length ?? 0), 0) ?? 0
    const size = recordBytes + (encodedKey?.length ?? 0) + (encodedValue?.length ?? 0) + headerBytes
    const frameBytes = this.#link.limits?.frameBytes ?? Infinity
    if (size + publishOverheadBytes > frameBytes) {
      const why = `a record of ${size} bytes does not fit into the ${frameBytes} that the broker takes at once (stele.stream.frame.bytes.max)`
      return Promise.reject(new ClientError('MESSAGE_TOO_LARGE', why, { topic, partition }))
    }
    const lane = this.#lane(topic, partition)
    this.#heldBytes += size
    this.#unsettled++
    this.#check()
    return new Promise((resolve, reject) => {
      const settle = (outcome: number | ClientError) => {
        this.#settled(size)
        if (typeof outcome === 'number') resolve({ partition, offset: outcome })
        else reject(outcome)
      }
      lane.add({ record, bytes: size, deadline, settle })
      this.#pump(lane)
    })
  }

  /** At the end of this turn: what is sent in one goes together. */
  #pump(lane: Lane): void {
    if (this.#pumping.size === 0) {
      queueMicrotask(() => {
        const lanes = this.#pumping
        this.#pumping = new Set()
        for (const one of lanes) one.pump()
      })
    }
    this.#pumping.add(lane)
  }

  #settled(size: number): void {
    this.#heldBytes -= size
    this.#unsettled--
    if (this.#heldBytes < this.#options.bufferBytes) for (const wake of this.#roomWanted.splice(0)) wake()
    if (this.#unsettled === 0) for (const wake of this.#drainWanted.splice(0)) wake()
  }

  #lane(topic: string, partition: number): Lane {
    const key = `${partition}/${topic}`
    let lane = this.#lanes.get(key)
    if (!lane) {
      lane = new Lane(this.#shell(topic, partition))
      this.#lanes.set(key, lane)
    }
    return lane
  }

  #shell(topic: string, partition: number): LaneShell {
    const link = this.#link
    return {
      get isOpen() {
        return link.limits !== undefined
      },
      get bytesMax() {
        return Math.min(publishBytesMax, (link.limits?.frameBytes ?? Infinity) - publishOverheadBytes)
      },
      async identify() {
        const answer = await link.ask({ type: 'identify' })
        if (answer.type !== 'identity') throw new ClientError('MALFORMED_RESPONSE', `identify was answered with ${answer.type}`)
        return { id: answer.id, epoch: answer.epoch }
      },
      publish: ({ records, producer }) =>
        link.ask({ type: 'publish', topic, partition, records: records.map(({ record }) => record), ...(producer && { producer }) }),
      later: (act) => void link.options.platform.after(restMs, act),
    }
  }

  /** Looks now and then whether something is late, while there is anything. */
  #check(): void {
    if (this.#isChecking) return
    this.#isChecking = true
    const { platform } = this.#link.options
    platform.after(expiryCheckMs, () => {
      this.#isChecking = false
      const now = platform.now()
      for (const lane of this.#lanes.values()) {
        lane.expire(now)
        lane.pump()
      }
      if (this.#unsettled > 0) this.#check()
    })
  }
}
