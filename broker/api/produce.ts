/**
 * Produce (key 0): appends what producers send.
 * acks=0 and 1 are answered when the batch is written to the page cache, acks=all when it is on the disk of every in-sync
 * replica, unless the topic says `stele.ack.durability=memory`. Batches of pipelined requests are appended in the order of arrival.
 */
import { ErrorCode, errorOf } from '../../client/protocol/errors.ts'
import { ProduceRequest, ProduceResponse } from '../../client/protocol/messages/produce.ts'
import type { Input, Of } from '../../client/protocol/schema.ts'
import { batchHeaderBytes, magicAt, RecordBatch } from '../../client/records/batch.ts'
import { checkProduceRecords } from '../../client/records/validate.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { Partition } from '../replication/partition.ts'
import { api, type RequestContext } from './handler.ts'
import type { Ticket, Waiter } from './purgatory.ts'
import type { Services } from './services.ts'

type Request = Of<typeof ProduceRequest>
type Response = Input<typeof ProduceResponse>
type PartitionData = Request['topicData'][number]['partitionData'][number]
type PartitionResponse = NonNullable<NonNullable<NonNullable<Response['responses']>[number]['partitionResponses']>[number]>

const acksAll = -1
const firstVersionWithTopicIds = 13

export const produce = api({
  request: ProduceRequest,
  response: ProduceResponse,
  versions: [0, 13],
  handle(request, context, services) {
    const exchange = new ProduceExchange(request, context, services)
    for (const topic of request.topicData) {
      const name = topic.name || services.cluster.image.topicName(topic.topicId) || ''
      const partitionResponses: PartitionResponse[] = []
      for (const data of topic.partitionData) {
        const partition = name === '' ? undefined : services.replicas.get(name, data.index)
        partitionResponses.push(partition ? exchange.append(partition, data) : missing(name, data.index, services, context))
      }
      exchange.responses.push({ name: topic.name, topicId: topic.topicId, partitionResponses })
    }
    return exchange.answered()
  },
})

function refused(index: number, errorCode: number, errorMessage: string | null = null): PartitionResponse {
  return { index, errorCode, baseOffset: -1, logAppendTimeMs: -1, logStartOffset: -1, errorMessage }
}

function missing(name: string, index: number, services: Services, { apiVersion }: RequestContext): PartitionResponse {
  if (name === '' && apiVersion >= firstVersionWithTopicIds) return refused(index, ErrorCode.UNKNOWN_TOPIC_ID)
  return refused(index, services.replicas.errorFor(name, index))
}

const noTransactions = 'No transaction is under way: this broker has no transaction coordinator yet'

/** Without a coordinator to end it, a transaction would keep readers of committed records waiting for ever. */
function isTransactional(records: Buffer): boolean {
  return records.length >= batchHeaderBytes && magicAt(records, 0) === 2 && new RecordBatch(records).isTransactional
}

/** As in Kafka: nobody may write in the name of no transactional id, and none may write outside of its transaction. */
function transactionFault(transactionalId: string | null): number {
  return transactionalId === null ? ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED : ErrorCode.INVALID_TXN_STATE
}

/** One request on its way: what was appended, and what must come true before it is answered. */
class ProduceExchange implements Waiter {
  readonly isPatient = true
  readonly responses: NonNullable<Response['responses']> = []
  readonly #request: Request
  readonly #context: RequestContext
  readonly #services: Services
  readonly #appended: { partition: Partition; response: PartitionResponse }[] = []
  #notDurable = 0
  #ticket: Ticket | undefined
  #resolve: ((response: Response | undefined) => void) | undefined

  constructor(request: Request, context: RequestContext, services: Services) {
    this.#request = request
    this.#context = context
    this.#services = services
  }

  append(partition: Partition, data: PartitionData): PartitionResponse {
    const { acks, transactionalId } = this.#request
    const { apiVersion, now, ownsBytes } = this.#context
    if (acks < acksAll || acks > 1) return refused(data.index, ErrorCode.INVALID_REQUIRED_ACKS)
    if (!partition.isLeader) return refused(data.index, ErrorCode.NOT_LEADER_OR_FOLLOWER)
    if (acks === acksAll && !partition.hasEnoughInSync) return refused(data.index, ErrorCode.NOT_ENOUGH_REPLICAS)
    const fault = checkProduceRecords(data.records, apiVersion)
    if (fault) return refused(data.index, fault.error, fault.message)
    if (isTransactional(data.records as Buffer)) return refused(data.index, transactionFault(transactionalId), noTransactions)
    const result = partition.log.append(data.records as Buffer, {
      leaderEpoch: partition.leaderEpoch,
      now,
      retain: ownsBytes,
      origin: 'client',
    })
    if ('error' in result) return { ...refused(data.index, result.error, result.message), recordErrors: [...(result.recordErrors ?? [])] }
    const response: PartitionResponse = {
      index: data.index,
      baseOffset: result.firstOffset,
      logAppendTimeMs: result.logAppendTime,
      logStartOffset: result.logStartOffset,
    }
    this.#appended.push({ partition, response })
    return response
  }

  answered(): Promise<Response | undefined> | Response | undefined {
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
      if (partition.log.offline) response.errorCode = ErrorCode.KAFKA_STORAGE_ERROR
      else if (this.#request.acks === acksAll && partition.log.config.ackDurability === 'disk') this.#awaitDisk(partition.log, response)
    }
    if (this.#notDurable === 0) this.#finish()
    else this.#ticket = this.#services.purgatory.enter(this, this.#request.timeoutMs)
  }

  #awaitDisk(log: PartitionLog, response: PartitionResponse): void {
    this.#notDurable++
    log.durable(log.writtenEnd, (error) => {
      this.#notDurable--
      if (error) response.errorCode = ErrorCode.KAFKA_STORAGE_ERROR
      if (this.#notDurable === 0 && this.#ticket) {
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
