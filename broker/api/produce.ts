/**
 * Produce (key 0): appends what producers send.
 * acks=0 and 1 are answered when the batch is written to the page cache, acks=all when it is on the disk of every in-sync
 * replica, unless the topic says `stele.ack.durability=memory`. Batches of pipelined requests are appended in the order of arrival.
 * A first batch of a transaction waits for its coordinator's word, and those behind it in the same partition with it.
 */
import { ErrorCode, errorOf } from '../../client/protocol/errors.ts'
import { ProduceRequest, ProduceResponse } from '../../client/protocol/messages/produce.ts'
import type { Input, Of } from '../../client/protocol/schema.ts'
import { batchHeaderBytes, magicAt, RecordBatch } from '../../client/records/batch.ts'
import { checkProduceRecords } from '../../client/records/validate.ts'
import type { Partition } from '../replication/partition.ts'
import type { Claim } from '../transactions/rules.ts'
import { api, type RequestContext } from './handler.ts'
import type { Ticket, Waiter } from './purgatory.ts'
import type { Services } from './services.ts'
import { joinTransaction } from './transactional.ts'

type Request = Of<typeof ProduceRequest>
type Response = Input<typeof ProduceResponse>
type PartitionData = Request['topicData'][number]['partitionData'][number]
type PartitionResponse = NonNullable<NonNullable<NonNullable<Response['responses']>[number]['partitionResponses']>[number]>

const acksAll = -1
/** KIP-890: what the coordinator says of a transaction that must be aborted; and from 12 on, partitions are added by producing to them. */
const firstVersionWithAbortable = 11
const firstVersionThatAdds = 12
const firstVersionWithTopicIds = 13
/** Kafka's administration client may write to the brokers' own topics. */
const internalClientId = '__admin_client'

export const produce = api({
  request: ProduceRequest,
  response: ProduceResponse,
  versions: [0, 13],
  handle(request, context, services) {
    const exchange = new ProduceExchange(request, context, services)
    const fault = transactionFault(request)
    for (const topic of request.topicData) {
      const name = topic.name || services.cluster.image.topicName(topic.topicId) || ''
      const partitionResponses: PartitionResponse[] = []
      for (const data of topic.partitionData) {
        const partition = name === '' ? undefined : services.replicas.get(name, data.index)
        if (fault !== ErrorCode.NONE) partitionResponses.push(refused(data.index, fault))
        else partitionResponses.push(partition ? exchange.take(partition, data) : missing(name, data.index, services, context))
      }
      exchange.responses.push({ name: topic.name, topicId: topic.topicId, partitionResponses })
    }
    return exchange.answered()
  },
})

/** As in Kafka, of the whole request: nobody may write in the name of no transactional id, nor as several producers at once. */
function transactionFault({ transactionalId, topicData }: Request): number {
  let producerId = -1
  for (const { partitionData } of topicData) {
    for (const { records } of partitionData) {
      const batch = transactionalBatch(records)
      if (!batch) continue
      if (transactionalId === null) return ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
      if (producerId >= 0 && batch.producerId !== producerId) return ErrorCode.INVALID_PRODUCER_ID_MAPPING
      producerId = batch.producerId
    }
  }
  return ErrorCode.NONE
}

function refused(index: number, errorCode: number, errorMessage: string | null = null): PartitionResponse {
  return { index, errorCode, baseOffset: -1, logAppendTimeMs: -1, logStartOffset: -1, errorMessage }
}

function missing(name: string, index: number, services: Services, { apiVersion }: RequestContext): PartitionResponse {
  if (name === '' && apiVersion >= firstVersionWithTopicIds) return refused(index, ErrorCode.UNKNOWN_TOPIC_ID)
  return refused(index, services.replicas.errorFor(name, index))
}

function transactionalBatch(records: Buffer | null): RecordBatch | undefined {
  if (!records || records.length < batchHeaderBytes || magicAt(records, 0) !== 2) return undefined
  const batch = new RecordBatch(records)
  return batch.isTransactional ? batch : undefined
}

/** A first batch of a transaction: its coordinator is asked whether the partition is part of it. */
interface Unverified {
  readonly partition: Partition
  readonly response: PartitionResponse
  readonly data: PartitionData
  readonly claim: Claim
  readonly baseSequence: number
  /** Of the producer, when it was asked: another number means that the transaction has ended meanwhile. */
  readonly markers: number
}

/** Older clients know not all that a coordinator may say, but try again on this. */
function retriableCode(error: number, apiVersion: number): number {
  switch (error) {
    case ErrorCode.COORDINATOR_LOAD_IN_PROGRESS:
    case ErrorCode.COORDINATOR_NOT_AVAILABLE:
    case ErrorCode.NOT_COORDINATOR:
      return ErrorCode.NOT_ENOUGH_REPLICAS
    case ErrorCode.CONCURRENT_TRANSACTIONS:
      return apiVersion >= firstVersionThatAdds ? error : ErrorCode.NOT_ENOUGH_REPLICAS
    default:
      return error
  }
}

/** One request on its way: what was appended, and what must come true before it is answered. */
class ProduceExchange implements Waiter {
  readonly isPatient = true
  readonly responses: NonNullable<Response['responses']> = []
  readonly #request: Request
  readonly #context: RequestContext
  readonly #services: Services
  readonly #appended: { partition: Partition; response: PartitionResponse }[] = []
  readonly #unverified: Unverified[] = []
  #uncommitted = 0
  #ticket: Ticket | undefined
  #resolve: ((response: Response | undefined) => void) | undefined

  constructor(request: Request, context: RequestContext, services: Services) {
    this.#request = request
    this.#context = context
    this.#services = services
  }

  /** The answer for a partition; of one that is filled in later `answered` waits. */
  take(partition: Partition, data: PartitionData): PartitionResponse {
    const fault = this.#fault(partition, data)
    if (fault) return fault
    const batch = transactionalBatch(data.records)
    if (!batch || partition.log.producers.hasTransaction(batch.producerId, batch.producerEpoch)) {
      return this.#append(partition, data, this.#context.ownsBytes)
    }
    const { producerId, producerEpoch, baseSequence } = batch
    const { ownsBytes, now } = this.#context
    const response: PartitionResponse = { index: data.index }
    const records = ownsBytes ? data.records : Buffer.from(data.records as Buffer)
    const { producers } = partition.log
    producers.awaitFirst(producerId, { epoch: producerEpoch, sequence: baseSequence, since: now })
    this.#unverified.push({
      partition,
      response,
      data: { ...data, records },
      claim: { producerId, producerEpoch },
      baseSequence,
      markers: producers.markersOf(producerId),
    })
    return response
  }

  #fault(partition: Partition, data: PartitionData): PartitionResponse | undefined {
    const { acks } = this.#request
    const { apiVersion, clientId } = this.#context
    if (acks < acksAll || acks > 1) return refused(data.index, ErrorCode.INVALID_REQUIRED_ACKS)
    if (partition.isInternal && clientId !== internalClientId) return refused(data.index, ErrorCode.INVALID_TOPIC_EXCEPTION)
    if (!partition.isLeader) return refused(data.index, ErrorCode.NOT_LEADER_OR_FOLLOWER)
    if (acks === acksAll && !partition.hasEnoughInSync) return refused(data.index, ErrorCode.NOT_ENOUGH_REPLICAS)
    const fault = checkProduceRecords(data.records, apiVersion)
    return fault ? refused(data.index, fault.error, fault.message) : undefined
  }

  #append(partition: Partition, data: PartitionData, retain: boolean, response: PartitionResponse = {}): PartitionResponse {
    const { now } = this.#context
    const { leaderEpoch, log } = partition
    const result = log.append(data.records as Buffer, { leaderEpoch, now, retain, origin: 'client' })
    if ('error' in result) {
      const recordErrors = [...(result.recordErrors ?? [])]
      return Object.assign(response, refused(data.index, result.error, result.message), { recordErrors })
    }
    response.index = data.index
    response.baseOffset = result.firstOffset
    response.logAppendTimeMs = result.logAppendTime
    response.logStartOffset = result.logStartOffset
    this.#appended.push({ partition, response })
    return response
  }

  answered(): Promise<Response | undefined> | Response | undefined {
    if (this.#unverified.length > 0) return this.#verify().then(() => this.#settled())
    return this.#settled()
  }

  /** First batches of a transaction are appended once its coordinator has said that their partitions are part of it. */
  async #verify(): Promise<void> {
    const { apiVersion } = this.#context
    const [first] = this.#unverified
    if (!first) return
    const codes = await joinTransaction(this.#services, {
      transactionalId: this.#request.transactionalId ?? '',
      claim: first.claim,
      partitions: this.#unverified.map(({ partition }) => partition),
      adds: apiVersion >= firstVersionThatAdds,
      knowsAbortable: apiVersion >= firstVersionWithAbortable,
    })
    for (const [index, unverified] of this.#unverified.entries()) {
      const error = codes[index] ?? ErrorCode.NONE
      if (error === ErrorCode.NONE) this.#appendVerified(unverified)
      else Object.assign(unverified.response, refused(unverified.data.index, retriableCode(error, apiVersion)))
    }
  }

  /** Meanwhile the partition may have moved, or the transaction have ended: what came now would be part of none, and never be decided. */
  #appendVerified({ partition, response, data, claim, baseSequence, markers }: Unverified): void {
    const { index } = data
    const { producers } = partition.log
    const fault = this.#fault(partition, data)
    const { producerId, producerEpoch } = claim
    const addsItself = this.#context.apiVersion >= firstVersionThatAdds
    // A producer of version 2 is fenced by its epoch instead, which begins with 0.
    const hasEnded = !addsItself && producers.markersOf(producerId) !== markers
    const isUnheardOf = addsItself && baseSequence !== 0 && !producers.get(producerId)?.batches.length
    if (fault) Object.assign(response, fault)
    else if (hasEnded) Object.assign(response, refused(index, ErrorCode.INVALID_TXN_STATE))
    else if (isUnheardOf || !producers.mayBeFirst(producerId, producerEpoch, baseSequence)) {
      Object.assign(response, refused(index, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER))
    } else this.#append(partition, data, true, response)
  }

  #settled(): Promise<Response | undefined> | Response | undefined {
    if (this.#appended.length === 0) return this.#answer()
    return new Promise((resolve) => {
      this.#resolve = resolve
      this.#services.replicas.afterWrite(this.#written)
    })
  }

  expire(): void {
    this.#ticket = undefined
    for (const { response } of this.#appended) response.errorCode = ErrorCode.REQUEST_TIMED_OUT
    this.#finish()
  }

  /** All that this turn brought is in the page cache, or its log is offline. */
  readonly #written = (): void => {
    for (const { partition, response } of this.#appended) {
      if (this.#request.acks === acksAll) this.#awaitCommit(partition, response)
      else if (partition.log.offline) response.errorCode = ErrorCode.KAFKA_STORAGE_ERROR
    }
    if (this.#uncommitted === 0) this.#finish()
    else this.#ticket = this.#services.purgatory.enter(this, this.#request.timeoutMs)
  }

  #awaitCommit(partition: Partition, response: PartitionResponse): void {
    this.#uncommitted++
    this.#services.replicas.whenCommitted(partition, partition.log.writtenEnd, (failed) => {
      this.#uncommitted--
      if (failed) response.errorCode = ErrorCode.KAFKA_STORAGE_ERROR
      if (this.#uncommitted === 0 && this.#ticket) {
        this.#services.purgatory.leave(this.#ticket)
        this.#finish()
      }
    })
  }

  #finish(): void {
    this.#resolve?.(this.#answer())
    this.#resolve = undefined
  }

  #answer(): Response | undefined {
    if (this.#request.acks !== 0) return { responses: this.responses }
    const failed = this.responses.flatMap(({ partitionResponses = [] }) => partitionResponses).find(({ errorCode }) => errorCode)
    if (failed) this.#context.disconnect(`records sent with acks=0 were refused: ${errorOf(failed.errorCode ?? 0).name}`)
    return undefined
  }
}
