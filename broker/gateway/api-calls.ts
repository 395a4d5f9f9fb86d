/**
 * What streams ask of the broker in their client's name goes through the handlers of Kafka's APIs: the same checks, the same answers, one place for both.
 * Owns: the context of such calls. Never: reads records (subscriptions do).
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { zeroUuid } from '../../client/protocol/uuid.ts'
import type { Cursor, Place } from '../../client/protocol/stream/client-messages.ts'
import { consumerGroupHeartbeat } from '../api/consumer-group-heartbeat.ts'
import type { RequestContext } from '../api/handler.ts'
import { initProducerId } from '../api/init-producer-id.ts'
import { listOffsets } from '../api/list-offsets.ts'
import { offsetCommit } from '../api/offset-commit.ts'
import { offsetFetch } from '../api/offset-fetch.ts'
import { produce } from '../api/produce.ts'
import type { Services } from '../api/services.ts'
import { offsetsTopic } from '../cluster/internal-topics.ts'

/** Who asks. */
export interface Caller {
  readonly clientId: string
  readonly principal: string
  readonly host: string
  readonly connectionId: number
}

export interface GroupMember {
  readonly groupId: string
  readonly memberId: string
  readonly memberEpoch: number
}

export interface Heartbeat extends GroupMember {
  readonly instanceId: string | null
  readonly rebalanceTimeoutMs: number
  readonly topics: readonly string[] | null
  readonly owned: readonly { topicId: string; partitions: number[] }[] | null
}

const latest = -1
const earliest = -2
const listener = 'HTTP'
const publishTimeoutMs = 30_000

export class ApiCalls {
  readonly services: Services
  readonly #caller: Caller

  constructor(services: Services, caller: Caller) {
    this.services = services
    this.#caller = caller
  }

  /** @param batch the caller's no more. */
  async produce(
    { topic, partition }: Place,
    batch: Buffer,
  ): Promise<{ code: number; message: string | null; offset: number; timestamp: number }> {
    const partitionData = [{ index: partition, records: batch }]
    const request = {
      transactionalId: null,
      acks: -1,
      timeoutMs: publishTimeoutMs,
      topicData: [{ name: topic, topicId: zeroUuid, partitionData }],
    }
    const answer = await produce.handle(request, this.#context(12), this.services)
    const result = answer?.responses?.[0]?.partitionResponses?.[0]
    return {
      code: result?.errorCode ?? ErrorCode.NONE,
      message: result?.errorMessage ?? null,
      offset: result?.baseOffset ?? -1,
      timestamp: result?.logAppendTimeMs ?? -1,
    }
  }

  /** A producer id that nobody else has; undefined while there is none to be had. */
  async identify(): Promise<{ id: number; epoch: number } | undefined> {
    const request = {
      transactionalId: null,
      transactionTimeoutMs: 60_000,
      producerId: -1,
      producerEpoch: -1,
      enable2Pc: false,
      keepPreparedTxn: false,
    }
    const { errorCode, producerId, producerEpoch } = (await initProducerId.handle(request, this.#context(5), this.services)) ?? {}
    return errorCode === ErrorCode.NONE ? { id: producerId ?? -1, epoch: producerEpoch ?? 0 } : undefined
  }

  /** The offset of a time, or of the beginning or the end; the end where no record is that late. An error code below zero is not an offset. */
  async offsetOf(
    { topic, partition }: Place,
    at: 'beginning' | 'end' | number,
    committedOnly: boolean,
  ): Promise<{ code: number; offset: number }> {
    const timestamp = at === 'beginning' ? earliest : at === 'end' ? latest : at
    const partitions = [{ partitionIndex: partition, currentLeaderEpoch: -1, timestamp, maxNumOffsets: 1 }]
    const request = { replicaId: -1, isolationLevel: committedOnly ? 1 : 0, topics: [{ name: topic, partitions }], timeoutMs: 0 }
    const answer = await listOffsets.handle(request, this.#context(7), this.services)
    const { errorCode: code = ErrorCode.NONE, offset = -1 } = answer?.topics?.[0]?.partitions?.[0] ?? {}
    if (code === ErrorCode.NONE && offset < 0 && at !== 'end') return this.offsetOf({ topic, partition }, 'end', committedOnly)
    return { code, offset }
  }

  /** The topic that groups are kept in is made if it isn't there yet. An error code. */
  ensureGroups(): Promise<number> {
    return this.services.cluster.ensureInternalTopic(offsetsTopic)
  }

  async heartbeat({ topics, owned, ...member }: Heartbeat) {
    const request = {
      ...member,
      rackId: null,
      subscribedTopicNames: topics && [...topics],
      subscribedTopicRegex: null,
      serverAssignor: null,
      topicPartitions: owned && [...owned],
    }
    return (await consumerGroupHeartbeat.handle(request, this.#context(1), this.services)) ?? {}
  }

  /** Offset −1: nothing is committed. */
  async committed({ groupId, memberId, memberEpoch }: GroupMember, places: readonly Place[]): Promise<{ code: number; cursors: Cursor[] }> {
    const topics = byTopic(places).map(([name, own]) => ({
      name,
      topicId: zeroUuid,
      partitionIndexes: own.map(({ partition }) => partition),
    }))
    const request = { groupId: '', topics: null, groups: [{ groupId, memberId, memberEpoch, topics }], requireStable: true }
    const answer = await offsetFetch.handle(request, this.#context(9), this.services)
    const [fetched] = answer?.groups ?? []
    const cursors: Cursor[] = []
    let code = fetched?.errorCode ?? ErrorCode.NONE
    for (const { name = '', partitions = [] } of fetched?.topics ?? []) {
      for (const { partitionIndex = 0, committedOffset = -1, errorCode = ErrorCode.NONE } of partitions) {
        if (errorCode !== ErrorCode.NONE) code ||= errorCode
        cursors.push({ topic: name, partition: partitionIndex, offset: committedOffset })
      }
    }
    return { code, cursors }
  }

  /** The first error code. */
  async commit({ groupId, memberId, memberEpoch }: GroupMember, cursors: readonly Cursor[]): Promise<number> {
    const topics = byTopic(cursors).map(([name, own]) => ({
      name,
      topicId: zeroUuid,
      partitions: own.map(({ partition, offset }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: -1,
        commitTimestamp: -1,
        committedMetadata: '',
      })),
    }))
    const member = { groupId, generationIdOrMemberEpoch: memberEpoch, memberId, groupInstanceId: null, retentionTimeMs: -1 }
    const answer = await offsetCommit.handle({ ...member, topics }, this.#context(9), this.services)
    for (const { partitions = [] } of answer?.topics ?? [])
      for (const { errorCode = 0 } of partitions) if (errorCode !== ErrorCode.NONE) return errorCode
    return ErrorCode.NONE
  }

  #context(apiVersion: number): RequestContext {
    return {
      ...this.#caller,
      apiVersion,
      listener,
      now: this.services.clock.now(),
      ownsBytes: true,
      afterSent: () => undefined,
      disconnect: () => undefined,
      whenAbandoned: () => undefined,
    }
  }
}

function byTopic<P extends Place>(places: readonly P[]): [string, P[]][] {
  const topics = new Map<string, P[]>()
  for (const place of places) {
    const own = topics.get(place.topic)
    if (own) own.push(place)
    else topics.set(place.topic, [place])
  }
  return [...topics]
}
