/**
 * What all clients do that have to do with a group's offsets: find its coordinator, commit and fetch, in any version of the protocol that can
 * say what they have to say, and tell the checkers of it.
 */
import { ErrorCode, errorOf } from '../../../client/protocol/errors.ts'
import { FindCoordinatorRequest, FindCoordinatorResponse } from '../../../client/protocol/messages/find-coordinator.ts'
import { OffsetCommitRequest, OffsetCommitResponse } from '../../../client/protocol/messages/offset-commit.ts'
import { OffsetFetchRequest, OffsetFetchResponse } from '../../../client/protocol/messages/offset-fetch.ts'
import { TxnOffsetCommitRequest, TxnOffsetCommitResponse } from '../../../client/protocol/messages/txn-offset-commit.ts'
import type { Commit, CommittedOffsets, TransactionFate } from '../checkers/committed-offsets.ts'
import type { CoordinatorView } from '../checkers/coordinator-view.ts'
import { Violation } from '../violation.ts'
import { Client, isOver, isPassing, Over, type Surroundings, type TopicIds } from './client.ts'
import type { ClientConnection } from './connection.ts'
import { coordinatorOfGroups, type TransactionalProducer } from './transactional-producer.ts'

/** On whose behalf offsets are committed. */
export interface Identity {
  readonly memberId: string
  /** The generation, or the member epoch. */
  readonly epoch: number
  readonly instanceId: string | null
  /** It speaks the consumer protocol: epochs go with offsets. */
  readonly hasEpoch: boolean
}

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export interface GroupCheckers {
  readonly offsets: CommittedOffsets
  readonly view: CoordinatorView
}

const firstCommitByTopicId = 10
const firstFetchOfGroups = 8
const firstFetchWithStable = 7
const firstFetchByTopicId = 10

export abstract class OffsetClient extends Client {
  readonly groupId: string
  protected readonly checkers: GroupCheckers
  #topics: TopicIds | undefined

  constructor(around: Surroundings, groupId: string, checkers: GroupCheckers, requestTimeoutMillis: number) {
    super(around, { requestTimeoutMillis })
    this.groupId = groupId
    this.checkers = checkers
  }

  /** Its topic is there then. */
  protected async findCoordinator(): Promise<void> {
    for (;;) {
      const connection = await this.connectedAnyway()
      const version = this.random.between(4, 6)
      const body = { keyType: coordinatorOfGroups, coordinatorKeys: [this.groupId] }
      const answer = await this.tryTo(() => connection.request(FindCoordinatorRequest, FindCoordinatorResponse, version, body))
      if (answer?.coordinators[0]?.errorCode === ErrorCode.NONE) return
      await this.sleep(this.random.between(5, 100))
    }
  }

  /** Topics as they are now. */
  protected async lookUpTopics(): Promise<TopicIds> {
    for (;;) {
      this.#topics = await this.topicIds(await this.connectedAnyway())
      if (this.#topics) return this.#topics
      await this.sleep(this.random.between(5, 100))
    }
  }

  /** As they were when they were last looked up. */
  protected async knownTopics(): Promise<TopicIds> {
    return this.#topics ?? this.lookUpTopics()
  }

  protected placeOf({ topic, partition }: TopicPartition): string {
    return `${this.groupId} ${topic}-${partition}`
  }

  /** One commit for each partition, in one request. */
  protected async commit(identity: Identity, partitions: readonly TopicPartition[]): Promise<void> {
    const { idOf } = await this.knownTopics()
    const connection = await this.connectedAnyway()
    const { memberId, epoch, instanceId, hasEpoch } = identity
    const version = this.random.between(hasEpoch ? 9 : instanceId === null ? 2 : 7, firstCommitByTopicId)
    const since = this.checkers.view.step
    const commits = partitions.map((place) => ({ place, commit: this.checkers.offsets.send(this.placeOf(place), this.name) }))
    const answer = await this.tryTo(() =>
      connection.request(OffsetCommitRequest, OffsetCommitResponse, version, {
        groupId: this.groupId,
        generationIdOrMemberEpoch: epoch,
        memberId,
        groupInstanceId: instanceId,
        topics: commits.map((each) => committedTopic(each, this.name, idOf)),
      }),
    )
    if (!answer) return
    for (const { place, commit } of commits) {
      this.committed(commit, place, { identity, since, idOf, isTransactional: false, errorCode: codeOf(place, answer.topics, idOf) })
    }
  }

  /**
   * The same as part of a transaction. Sent until the broker says something of it, so that what is told then may not be the first word.
   * Whether all of it is part of the transaction now. Throws Over.
   */
  protected async commitInTransaction(
    identity: Identity,
    partitions: readonly TopicPartition[],
    { producer, fate }: { producer: TransactionalProducer; fate: TransactionFate },
  ): Promise<boolean> {
    const { idOf } = await this.knownTopics()
    await producer.addOffsets(this.groupId)
    const { memberId, epoch, instanceId } = identity
    const version = this.random.between(...producer.commitVersions)
    const commits = partitions.map((place) => ({ place, commit: this.checkers.offsets.send(this.placeOf(place), this.name, fate) }))
    for (;;) {
      const connection = await this.connectedAnyway()
      const since = this.checkers.view.step
      const answer = await this.tryTo(() =>
        connection.request(TxnOffsetCommitRequest, TxnOffsetCommitResponse, version, {
          ...producer.identity,
          transactionalId: producer.transactionalId,
          groupId: this.groupId,
          generationIdOrMemberEpoch: epoch,
          memberId,
          groupInstanceId: instanceId,
          topics: commits.map((each) => committedTopic(each, this.name, idOf)),
        }),
      )
      const codes = answer && commits.map(({ place }) => codeOf(place, answer.topics, idOf))
      if (codes?.some(isOver)) throw new Over()
      if (codes && !codes.some(isPassing)) {
        commits.forEach(({ place, commit }, index) => {
          this.committed(commit, place, { identity, since, idOf, isTransactional: true, errorCode: codes[index] as number })
        })
        return codes.every((code) => code === ErrorCode.NONE)
      }
      await this.sleep(this.random.between(5, 100))
    }
  }

  /** What the broker says of a commit. */
  protected committed(
    commit: Commit,
    { topic, partition }: TopicPartition,
    told: { identity: Identity; since: number; idOf: TopicIds['idOf']; isTransactional: boolean; errorCode: number },
  ): void {
    const { identity, since, idOf, isTransactional, errorCode } = told
    if (isPassing(errorCode)) return
    if (errorCode !== ErrorCode.NONE) {
      if (!isRefusal(errorCode)) throw new Violation(5, `${this.name} sent a good commit and was answered ${errorOf(errorCode).name}`)
      return this.checkers.offsets.refused(commit)
    }
    const { memberId, epoch } = identity
    const claim = { memberId, epoch, topicId: idOf.get(topic) ?? '', partition, isTransactional }
    if (!this.checkers.view.couldCommit(this.groupId, claim, since)) {
      throw new Violation(
        11,
        `${this.groupId}: ${memberId} could commit at ${epoch}, and was no member of that generation or epoch any more`,
      )
    }
    this.checkers.offsets.acknowledged(commit)
  }

  /** Whether it was told of all of them. */
  protected async fetch(
    partitions: readonly TopicPartition[],
    { isStable, identity }: { isStable: boolean; identity?: Identity },
  ): Promise<boolean> {
    const { idOf } = await this.knownTopics()
    const connection = await this.connectedAnyway()
    const sentAt = this.checkers.offsets.now()
    const version = this.random.between(identity?.hasEpoch ? 9 : isStable ? firstFetchWithStable : 1, firstFetchByTopicId)
    const found = await this.tryTo(() => this.#ask(connection, version, partitions, { isStable, identity, idOf }))
    let isWhole = found?.length === partitions.length
    for (const { topic, topicId, partition, offset, errorCode } of found ?? []) {
      const place = partitions.find((each) => each.partition === partition && (each.topic === topic || idOf.get(each.topic) === topicId))
      if (errorCode !== ErrorCode.NONE) isWhole = false
      else if (place) this.checkers.offsets.fetched(this.placeOf(place), offset, { by: this.name, sentAt, isStable })
    }
    return isWhole
  }

  async #ask(
    connection: ClientConnection,
    version: number,
    partitions: readonly TopicPartition[],
    { isStable, identity, idOf }: { isStable: boolean; identity: Identity | undefined; idOf: TopicIds['idOf'] },
  ) {
    const { groupId } = this
    const topics = partitions.map(({ topic, partition }) => ({
      name: topic,
      topicId: idOf.get(topic) ?? '',
      partitionIndexes: [partition],
    }))
    const member = identity?.hasEpoch ? { memberId: identity.memberId, memberEpoch: identity.epoch } : {}
    const body = version >= firstFetchOfGroups ? { groups: [{ groupId, ...member, topics }] } : { groupId, topics }
    const answer = await connection.request(OffsetFetchRequest, OffsetFetchResponse, version, { ...body, requireStable: isStable })
    const [group] = version >= firstFetchOfGroups ? answer.groups : [{ ...answer, topics: answer.topics.map(withoutId) }]
    if (!group || group.errorCode !== ErrorCode.NONE) return []
    return group.topics.flatMap(({ name, topicId, partitions: each }) =>
      each.map(({ partitionIndex, committedOffset, errorCode }) => ({
        topic: name,
        topicId,
        partition: partitionIndex,
        offset: committedOffset,
        errorCode,
      })),
    )
  }
}

function committedTopic(
  { place: { topic, partition }, commit: { offset } }: { place: TopicPartition; commit: Commit },
  committedMetadata: string,
  idOf: TopicIds['idOf'],
) {
  return {
    name: topic,
    topicId: idOf.get(topic) ?? '',
    partitions: [{ partitionIndex: partition, committedOffset: offset, committedMetadata }],
  }
}

interface AnsweredTopic {
  readonly name: string
  readonly topicId: string
  readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[]
}

/** What was asked of one topic in parts may be answered together. */
function codeOf({ topic, partition }: TopicPartition, answered: readonly AnsweredTopic[], idOf: TopicIds['idOf']): number {
  const found = answered
    .filter(({ name, topicId }) => name === topic || topicId === idOf.get(topic))
    .flatMap(({ partitions }) => partitions)
    .find(({ partitionIndex }) => partitionIndex === partition)
  if (!found) throw new Violation(5, `of ${topic}-${partition} the answer says nothing`)
  return found.errorCode
}

function withoutId<T>(topic: T): T & { topicId: string } {
  return { ...topic, topicId: '' }
}

/** The commit was not taken, and never will be. */
function isRefusal(errorCode: number): boolean {
  switch (errorCode) {
    case ErrorCode.ILLEGAL_GENERATION:
    case ErrorCode.UNKNOWN_MEMBER_ID:
    case ErrorCode.FENCED_INSTANCE_ID:
    case ErrorCode.STALE_MEMBER_EPOCH:
    case ErrorCode.REBALANCE_IN_PROGRESS:
    case ErrorCode.GROUP_ID_NOT_FOUND:
      return true
    default:
      return false
  }
}
