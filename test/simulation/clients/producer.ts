/**
 * A simulated producer. It writes to its partitions, several batches in flight, and believes nothing that it was not told:
 * an idempotent one sends again until it knows, in order, with the same sequence numbers; another sends every batch once.
 */
import { ErrorCode, errorOf } from '../../../client/protocol/errors.ts'
import { InitProducerIdRequest, InitProducerIdResponse } from '../../../client/protocol/messages/init-producer-id.ts'
import { ProduceRequest, ProduceResponse } from '../../../client/protocol/messages/produce.ts'
import type { PartitionHistory, SentBatch } from '../history.ts'
import { Violation } from '../violation.ts'
import { buildBatch } from './batch.ts'
import { Client, type Surroundings, type TopicIds } from './client.ts'
import type { ClientConnection } from './connection.ts'

export interface ProducerTraits {
  acks: 0 | 1 | -1
  idempotent: boolean
  version: number
  /** Batches in flight, over all partitions. */
  inFlightMax: number
  recordsMax: number
  valueBytesMax: number
  compressedChance: number
  pauseMillisMax: number
  /** Batches to send in all. */
  batches: number
}

export interface Target {
  history: PartitionHistory
  /** acks=all is answered from the disk there. */
  durable: boolean
}

/** One partition of an idempotent producer: what is to be sent, first come first. */
interface Lane {
  target: Target
  batches: number
  /** One was confirmed since the sequence began. */
  isKnown: boolean
  nextSequence: number
  /** Sent or to be sent, and not known to be written, in order. */
  unknown: SequencedBatch[]
}

interface SequencedBatch {
  sent: SentBatch
  /** How many the lane had before it. */
  ordinal: number
  inFlight: boolean
}

const batchesKnownAgain = 5
const firstVersionWithTopicIds = 13
const firstVersionWithoutTopicNames = 13

export class Producer extends Client {
  readonly #traits: ProducerTraits
  readonly #lanes: Lane[]
  readonly #noise: Buffer
  #producerId = -1
  #producerEpoch = -1
  #left: number
  #inFlight = 0
  #wake: (() => void) | undefined
  #topics: TopicIds | undefined
  /** Bumped whenever sequence numbers begin anew: what is left of older ones must not be sent again. */
  #renewing = false

  constructor(around: Surroundings, traits: ProducerTraits, targets: readonly Target[]) {
    super(around)
    this.#traits = traits
    this.#lanes = targets.map((target) => ({ target, batches: 0, isKnown: false, nextSequence: 0, unknown: [] }))
    this.#noise = around.random.bytes(traits.valueBytesMax + 4096)
    this.#left = traits.batches
  }

  protected async live(): Promise<void> {
    while (!this.#isDone()) {
      const connection = await this.connected()
      if (!connection) return
      if (!(await this.#prepare(connection))) {
        await this.sleep(this.random.between(10, 100))
        continue
      }
      await this.#work(connection)
      await this.sleep(this.random.between(1, 50))
    }
  }

  #isDone(): boolean {
    return this.stopping || (this.#left <= 0 && this.#lanes.every((lane) => lane.unknown.length === 0))
  }

  /** Topic ids and a producer id, where they are needed. */
  async #prepare(connection: ClientConnection): Promise<boolean> {
    if (this.#traits.version >= firstVersionWithTopicIds) {
      this.#topics = await this.topicIds(connection)
      if (this.#lanes.some(({ target }) => !this.#topics?.idOf.has(target.history.topic))) return false
    }
    if (!this.#traits.idempotent || (this.#producerId !== -1 && !this.#renewing)) return true
    const answer = await this.tryTo(() => connection.request(InitProducerIdRequest, InitProducerIdResponse, 4, { transactionalId: null }))
    if (!answer || answer.errorCode !== ErrorCode.NONE) return false
    this.#producerId = answer.producerId
    this.#producerEpoch = answer.producerEpoch
    if (this.#renewing) for (const lane of this.#lanes) Object.assign(lane, { isKnown: false, nextSequence: 0, unknown: [] })
    this.#renewing = false
    return true
  }

  /** Sends until the connection is lost, sequences must begin anew, or all is done. */
  async #work(connection: ClientConnection): Promise<void> {
    for (const lane of this.#lanes) for (const batch of lane.unknown) batch.inFlight = false
    while (!connection.isLost && !this.#isDone() && !this.#renewing) {
      const hadWork = this.#inFlight < this.#traits.inFlightMax && this.#sendSome(connection)
      if (hadWork && this.random.chance(0.7)) continue
      await this.#pause(hadWork ? this.random.fraction() * this.#traits.pauseMillisMax : 50)
    }
    while (this.#inFlight > 0) await this.#pause(100)
  }

  /** Until an answer comes, or for this long. */
  #pause(millis: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.around.process.deliver(this.around.process.now + millis * 1000, 'pause', resolve)
      this.#wake = () => {
        timer.cancel()
        resolve()
      }
    })
  }

  /** Leaves a sequence number out, where the broker must know better than to take that. */
  async #overtake(connection: ClientConnection): Promise<void> {
    const lane = this.random.pick(this.#lanes)
    const { history, durable } = lane.target
    const mayBeDeleted = history.mayExpire || history.deletingAll || history.deletingBefore > 0
    const isKnown = durable && lane.isKnown && lane.unknown.length === 0 && !mayBeDeleted
    if (!isKnown) return
    const baseSequence = lane.nextSequence + this.random.between(1, 5)
    const records = this.#build(1, baseSequence)
    const body = this.#body([{ history, records }])
    const answer = await this.tryTo(() => connection.request(ProduceRequest, ProduceResponse, this.#traits.version, body))
    if (answer?.responses[0]?.partitionResponses[0]?.errorCode === ErrorCode.NONE) {
      throw new Violation(1, `${history.name}: sequence ${baseSequence} of ${this.name} was taken where ${lane.nextSequence} is next`)
    }
  }

  /** One request, for one partition or several. False: there is nothing to send now. */
  #sendSome(connection: ClientConnection): boolean {
    if (this.#traits.idempotent && this.random.chance(0.02)) {
      void this.#overtake(connection).catch((error: unknown) => this.around.network.scheduler.fail(error))
    }
    const chosen = this.random.chance(0.5) ? this.#lanes : [this.random.pick(this.#lanes)]
    const parts: { lane: Lane; batch: SequencedBatch }[] = []
    for (const lane of chosen) {
      const batch = this.#nextOf(lane)
      if (batch) parts.push({ lane, batch })
    }
    if (parts.length === 0) return false
    for (const { batch } of parts) batch.inFlight = true
    void this.#exchange(connection, parts).catch((error: unknown) => this.around.network.scheduler.fail(error))
    return true
  }

  #nextOf(lane: Lane): SequencedBatch | undefined {
    const again = lane.unknown.find((batch) => !batch.inFlight)
    if (again) return again
    // A broker knows a producer's last five batches again: the oldest that is unknown must be among them.
    const oldest = lane.unknown[0]
    if (this.#left <= 0 || (oldest && lane.batches - oldest.ordinal >= batchesKnownAgain)) return undefined
    this.#left--
    const batch = { sent: this.#make(lane), ordinal: lane.batches++, inFlight: false }
    if (this.#traits.idempotent) lane.unknown.push(batch)
    return batch
  }

  #make(lane: Lane): SentBatch {
    const { idempotent, recordsMax } = this.#traits
    const count = this.random.magnitude(1, recordsMax)
    const bytes = this.#build(count, idempotent ? lane.nextSequence : -1)
    lane.nextSequence += count
    return lane.target.history.sent(bytes, count, this.name)
  }

  #build(count: number, baseSequence: number): Buffer {
    const { idempotent, valueBytesMax, compressedChance } = this.#traits
    const values: Buffer[] = []
    for (let index = 0; index < count; index++) {
      const size = this.random.magnitude(12, valueBytesMax)
      const value = Buffer.from(this.#noise.subarray(this.random.below(4096)).subarray(0, size))
      value.writeUInt32BE(this.random.next(), 0)
      value.writeUInt32BE(this.random.next(), 4)
      values.push(value)
    }
    return buildBatch({
      values,
      timestamp: this.now(),
      compressed: this.random.chance(compressedChance),
      producerId: idempotent ? this.#producerId : -1,
      producerEpoch: idempotent ? this.#producerEpoch : -1,
      baseSequence,
    })
  }

  async #exchange(connection: ClientConnection, parts: { lane: Lane; batch: SequencedBatch }[]): Promise<void> {
    const { acks, version } = this.#traits
    const body = this.#body(parts.map(({ lane, batch }) => ({ history: lane.target.history, records: batch.sent.bytes })))
    if (acks === 0) return connection.tell(ProduceRequest, version, body)
    this.#inFlight++
    const answer = await this.tryTo(() => connection.request(ProduceRequest, ProduceResponse, version, body))
    this.#inFlight--
    const life = this.lifeOf(connection)
    for (const response of answer?.responses ?? []) {
      for (const { index, errorCode, baseOffset } of response.partitionResponses) {
        const part = parts.find(({ lane }) => this.#isMeant(lane, response.name, response.topicId, index))
        if (!part) throw new Violation(5, `${this.name} was answered for a partition it had not written to`)
        this.#answered(part.lane, part.batch, errorCode, baseOffset, life)
      }
    }
    for (const { batch } of parts) batch.inFlight = false
    this.#wake?.()
  }

  #isMeant({ target: { history } }: Lane, topic: string, topicId: string, index: number): boolean {
    const named =
      this.#traits.version >= firstVersionWithoutTopicNames ? this.#topics?.idOf.get(history.topic) === topicId : history.topic === topic
    return named && history.index === index
  }

  #body(parts: readonly { history: PartitionHistory; records: Buffer }[]) {
    const topics = new Map<string, { index: number; records: Buffer }[]>()
    for (const { history, records } of parts) {
      const partitionData = topics.get(history.topic) ?? []
      partitionData.push({ index: history.index, records })
      topics.set(history.topic, partitionData)
    }
    const ids = this.#topics?.idOf
    const topicData = [...topics].map(([name, partitionData]) => ({ name, topicId: ids?.get(name), partitionData }))
    return { acks: this.#traits.acks, timeoutMs: this.random.pick([5, 1_000, 30_000]), topicData }
  }

  #answered(lane: Lane, batch: SequencedBatch, errorCode: number, baseOffset: number, life: number): void {
    const { sent } = batch
    const { acks, idempotent } = this.#traits
    switch (errorCode) {
      case ErrorCode.NONE:
        sent.partition.acknowledge(sent, baseOffset, acks === -1 && lane.target.durable, life)
        lane.isKnown = true
        break
      case ErrorCode.DUPLICATE_SEQUENCE_NUMBER:
        break
      case ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER:
      case ErrorCode.UNKNOWN_PRODUCER_ID:
        if (!idempotent) throw new Violation(1, `${this.name}, which has no sequence, was told that it is out of order`)
        this.#outOfOrder(lane, batch)
        return
      default:
        if (!isExcusable(errorCode))
          throw new Violation(5, `${this.name} sent a good batch to ${sent.partition.name} and was answered ${errorOf(errorCode).name}`)
        return
    }
    const at = lane.unknown.indexOf(batch)
    if (at >= 0) lane.unknown.splice(at, 1)
  }

  /** Right only if the batch is not the first of those that are unknown, or what came before it was lost, as it may be in memory. */
  #outOfOrder(lane: Lane, batch: SequencedBatch): void {
    if (lane.unknown[0] !== batch) return
    const mayBeLost = this.#traits.acks !== -1 || !lane.target.durable
    if (!mayBeLost)
      throw new Violation(1, `${this.name} follows its own sequence in ${lane.target.history.name}, and was told that it is out of order`)
    this.#renewing = true
  }
}

/** What a broker in trouble may answer to a batch that is in order. */
function isExcusable(errorCode: number): boolean {
  switch (errorCode) {
    case ErrorCode.KAFKA_STORAGE_ERROR:
    case ErrorCode.REQUEST_TIMED_OUT:
    case ErrorCode.NOT_LEADER_OR_FOLLOWER:
    case ErrorCode.LEADER_NOT_AVAILABLE:
    case ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
    case ErrorCode.UNKNOWN_TOPIC_ID:
      return true
    default:
      return false
  }
}
