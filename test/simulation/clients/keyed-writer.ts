/**
 * A simulated writer of values to keys: one batch at a time, acks=all, each record with a number that tells it from all others. A batch
 * whose fate it does not learn it leaves alone if it has no sequence, else it sends it again until it knows.
 */
import { ErrorCode, errorOf } from '../../../client/protocol/errors.ts'
import { InitProducerIdRequest, InitProducerIdResponse } from '../../../client/protocol/messages/init-producer-id.ts'
import { ProduceRequest, ProduceResponse } from '../../../client/protocol/messages/produce.ts'
import type { KeyedRecord, NewestValues } from '../checkers/newest-values.ts'
import { Violation } from '../violation.ts'
import { buildBatch } from './batch.ts'
import { Client, type Surroundings } from './client.ts'
import type { ClientConnection } from './connection.ts'

export interface KeyedWriterTraits {
  topic: string
  partitions: number
  /** No other writer has keys that begin so. */
  keyPrefix: string
  keys: number
  idempotent: boolean
  recordsMax: number
  valueBytesMax: number
  tombstoneChance: number
  compressedChance: number
  batches: number
  pauseMillisMax: number
}

interface Pending {
  readonly partition: number
  readonly records: readonly KeyedRecord[]
  readonly bytes: Buffer
}

export class KeyedWriter extends Client {
  readonly #traits: KeyedWriterTraits
  readonly #newest: NewestValues
  readonly #sequences = new Map<number, number>()
  #producerId = -1
  #producerEpoch = -1

  constructor(around: Surroundings, traits: KeyedWriterTraits, newest: NewestValues) {
    super(around, { requestTimeoutMillis: 4_000 })
    this.#traits = traits
    this.#newest = newest
  }

  protected async live(): Promise<void> {
    for (let batch = 0; batch < this.#traits.batches && !this.stopping; batch++) {
      const pending = (await this.#isReady()) ? this.#draw() : undefined
      if (pending) await this.#send(pending)
      await this.sleep(this.random.fraction() * this.#traits.pauseMillisMax)
    }
  }

  /** Whether it has an id, if it needs one. */
  async #isReady(): Promise<boolean> {
    if (!this.#traits.idempotent || this.#producerId >= 0) return true
    const connection = await this.connected()
    if (!connection) return false
    const body = { transactionalId: null, transactionTimeoutMs: 1_000, producerId: -1, producerEpoch: -1 }
    const answer = await this.tryTo(() => connection.request(InitProducerIdRequest, InitProducerIdResponse, 4, body))
    if (answer?.errorCode !== ErrorCode.NONE) return false
    this.#producerId = answer.producerId
    this.#producerEpoch = answer.producerEpoch
    this.#sequences.clear()
    return true
  }

  #draw(): Pending {
    const { partitions, keyPrefix, keys, recordsMax, tombstoneChance, compressedChance, idempotent } = this.#traits
    const partition = this.random.below(partitions)
    const records = Array.from({ length: this.random.between(1, recordsMax) }, () =>
      this.#newest.send(partition, `${keyPrefix}${this.random.below(keys)}`, this.random.chance(tombstoneChance), this.name),
    )
    const sequence = this.#sequences.get(partition) ?? 0
    this.#sequences.set(partition, sequence + records.length)
    const bytes = buildBatch({
      keys: records.map(({ key }) => Buffer.from(key)),
      values: records.map(({ number, isTombstone }) => (isTombstone ? null : this.#value(number))),
      timestamp: this.now(),
      compressed: this.random.chance(compressedChance),
      producerId: idempotent ? this.#producerId : -1,
      producerEpoch: idempotent ? this.#producerEpoch : -1,
      baseSequence: idempotent ? sequence : -1,
    })
    return { partition, records, bytes }
  }

  #value(number: number): Buffer {
    const value = Buffer.alloc(4 + this.random.below(this.#traits.valueBytesMax))
    value.writeUInt32BE(number, 0)
    return value
  }

  async #send(pending: Pending): Promise<void> {
    for (;;) {
      const connection = await this.connected()
      if (!connection) return
      const errorCode = await this.tryTo(() => this.#ask(connection, pending))
      if (errorCode === ErrorCode.NONE || errorCode === ErrorCode.DUPLICATE_SEQUENCE_NUMBER) return
      if (errorCode !== undefined && !isPassing(errorCode)) {
        throw new Violation(5, `${this.name} sent a good batch and was answered ${errorOf(errorCode).name}`)
      }
      if (!this.#traits.idempotent) return
      await this.sleep(20)
    }
  }

  async #ask(connection: ClientConnection, { partition, records, bytes }: Pending): Promise<number> {
    const topicData = [{ name: this.#traits.topic, partitionData: [{ index: partition, records: bytes }] }]
    const answer = await connection.request(ProduceRequest, ProduceResponse, 9, { acks: -1, timeoutMs: 3_000, topicData })
    const told = answer.responses[0]?.partitionResponses[0]
    if (told?.errorCode === ErrorCode.NONE) records.forEach((record, at) => this.#newest.confirmed(record, told.baseOffset + at))
    return told?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR
  }
}

/** What a broker in trouble may answer to a batch that is in order. */
function isPassing(errorCode: number): boolean {
  switch (errorCode) {
    case ErrorCode.KAFKA_STORAGE_ERROR:
    case ErrorCode.REQUEST_TIMED_OUT:
    case ErrorCode.NOT_LEADER_OR_FOLLOWER:
    case ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
      return true
    default:
      return false
  }
}
