/**
 * A member of a group of the consumer protocol (KIP-848): the broker says by heartbeats what it is to have, and it says what it has.
 * Owns: its epoch, what was said last, and what it is to have. What it is to give up it gives up before it says so, and only then another
 * one gets it.
 */
import type { TopicPartition } from '../consumer/consumed.ts'
import { byTopic, indexOf } from '../consumer/by-topic.ts'
import type { ClusterView, TopicView } from '../cluster/cluster-view.ts'
import { answeredError, ClientError } from '../network/client-error.ts'
import { ErrorCode } from '../protocol/errors.ts'
import { ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse } from '../protocol/messages/consumer-group-heartbeat.ts'
import { uuidText } from '../protocol/uuid.ts'
import { GroupLink, type GroupParts } from './group-link.ts'
import type { MemberIdentity, Membership } from './membership.ts'
import { Settlement } from './settlement.ts'
import { wholePattern } from './subscription.ts'

export interface ConsumerGroupParts extends GroupParts {
  readonly cluster: ClusterView
}

type Target = readonly { readonly topicId: string; readonly partitions: readonly number[] }[]

const joining = 0
const leaving = -1
const leavingForNow = -2
const uuidBytes = 16
/** The first that takes a regular expression, and an id that the member chose (KIP-1082). */
const versionWithPattern = 1
const afterFailureMs = 1000

export class ConsumerMembership implements Membership {
  readonly #parts: ConsumerGroupParts
  readonly #link: GroupLink
  readonly #settlement: Settlement
  /** Its epoch may be behind the group's: brokers know the two apart. */
  readonly isJoining = false
  /** As topic ids: a topic may be too new to be known by name. */
  #target: Target = []
  /** Of what it is to have, and had. */
  #views: readonly TopicView[] = []
  #isResolved = true
  #heartbeatMs = afterFailureMs
  #isBeating = false
  #isUrgent = false
  #isMember = false
  /** Said in full: what was said before may be forgotten. */
  #saysAll = true
  #saidOwned = ''
  #saidTopics = ''
  #lookedAt = 0

  constructor(parts: ConsumerGroupParts) {
    this.#parts = parts
    this.#link = new GroupLink(parts)
    this.#settlement = new Settlement(parts.assignee)
  }

  get identity(): MemberIdentity {
    return this.#link.identity
  }

  get isPending(): boolean {
    return this.#settlement.isPending
  }

  async settle(): Promise<void> {
    while (this.isPending && !this.#link.isClosed) {
      await this.#settlement.settleLosses()
      const target = this.#settlement.takeTarget()
      if (target) await this.#take(target)
      else if (this.#settlement.isJoinWanted) {
        this.#settlement.joins()
        this.#begin()
      }
    }
  }

  #begin(): void {
    const { platform } = this.#parts.pool.options
    const { memberId } = this.identity
    this.#link.become(memberId === '' ? uuidText(platform.randomBytes(uuidBytes)) : memberId, joining)
    this.#isMember = true
    this.#target = []
    this.#isResolved = true
    this.#saysAll = true
    this.#beatSoon()
  }

  async #take(target: readonly TopicPartition[]): Promise<void> {
    await this.#settlement.take(target)
    this.#beatSoon()
  }

  /** At once, or behind the one that is under way. */
  #beatSoon(): void {
    if (!this.#isMember || this.#link.isClosed) return
    this.#isUrgent = true
    if (!this.#isBeating) void this.#beat()
  }

  #beatLater(): void {
    if (!this.#isMember || this.#link.isClosed) return
    this.#link.wakeIn(this.#heartbeatMs, () => void this.#beat())
  }

  async #beat(): Promise<void> {
    this.#isBeating = true
    this.#isUrgent = false
    this.#link.rest()
    try {
      if (this.#link.isDeserted()) await this.#desert()
      else await this.#exchange()
    } catch (error) {
      this.#failed(error)
    } finally {
      this.#isBeating = false
    }
    if (this.#isUrgent && this.#isMember) void this.#beat()
    else this.#beatLater()
  }

  async #exchange(): Promise<void> {
    const { identity } = this
    const topics = await this.#topicsToSay()
    const owned = this.#owned()
    let errorCode: number = ErrorCode.NONE
    const answer = await this.#link.ask({
      request: ConsumerGroupHeartbeatRequest,
      response: ConsumerGroupHeartbeatResponse,
      body: () => this.#body(topics, owned),
      check: (answered) => {
        errorCode = answered.errorCode
        const error = this.#refusal(errorCode, answered.errorMessage)
        if (error?.retriable) throw error
      },
    })
    if (this.identity !== identity || this.#link.isClosed) return
    if (isOut.has(errorCode)) return this.#expelled()
    const refusal = this.#refusal(errorCode, answer.errorMessage)
    if (refusal) throw refusal
    this.#saysAll = false
    this.#saidOwned = JSON.stringify(owned)
    this.#saidTopics = JSON.stringify(topics)
    this.#heartbeatMs = Math.max(1, answer.heartbeatIntervalMs)
    const memberId = answer.memberId ?? identity.memberId
    if (memberId !== identity.memberId || answer.memberEpoch !== identity.generationId) this.#link.become(memberId, answer.memberEpoch)
    if (answer.assignment) {
      this.#target = answer.assignment.topicPartitions
      this.#isResolved = false
    }
    if (!this.#isResolved) await this.#resolve()
  }

  #body(topics: SaidTopics, owned: readonly { topicId: string; partitions: number[] }[]) {
    const { options } = this.#parts
    const { memberId, generationId: memberEpoch } = this.identity
    const body = { groupId: options.groupId, memberId, memberEpoch, instanceId: options.instanceId }
    const isNew = this.#saysAll
    return {
      ...body,
      ...(isNew && { rackId: options.rack, rebalanceTimeoutMs: options.maxPollIntervalMs, serverAssignor: options.serverAssignor }),
      ...(isNew || JSON.stringify(topics) !== this.#saidTopics ? topics : {}),
      topicPartitions: memberEpoch === joining ? [] : isNew || JSON.stringify(owned) !== this.#saidOwned ? [...owned] : null,
    }
  }

  /** A pattern goes to the broker, unless that is too old for it. */
  async #topicsToSay(): Promise<SaidTopics> {
    const { subscription, options } = this.#parts
    const { asked } = subscription
    if (!(asked instanceof RegExp)) return { subscribedTopicNames: subscription.names }
    if (await this.#link.serves(ConsumerGroupHeartbeatRequest, versionWithPattern)) return { subscribedTopicRegex: wholePattern(asked) }
    if (this.#saysAll || this.#link.now() - this.#lookedAt >= options.metadataMs) {
      this.#lookedAt = this.#link.now()
      await subscription.refresh()
    }
    return { subscribedTopicNames: subscription.names }
  }

  #owned(): { topicId: string; partitions: number[] }[] {
    const ids = new Map(this.#views.map(({ name, topicId }) => [name, topicId]))
    return byTopic(this.#parts.assignee.assigned(), indexOf).flatMap(([topic, partitions]) => {
      const topicId = ids.get(topic)
      return topicId === undefined ? [] : [{ topicId, partitions }]
    })
  }

  /** By name, what it is to have; a topic that is not known yet is asked for again with the next heartbeat. */
  async #resolve(): Promise<void> {
    const target = this.#target
    const known = new Map(this.#views.map((view) => [view.topicId, view]))
    const unknown = target.filter(({ topicId }) => !known.has(topicId))
    try {
      if (unknown.length > 0)
        for (const view of await this.#parts.cluster.existing(unknown.map(({ topicId }) => ({ topicId })))) known.set(view.topicId, view)
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
      this.#link.logger.warn({ error: error.code }, `cannot learn the topics that the group gave: ${error.message}`)
    }
    if (target !== this.#target) return
    this.#views = [...known.values()]
    this.#isResolved = target.every(({ topicId }) => known.has(topicId))
    const wanted = target.flatMap(({ topicId, partitions }) => {
      const topic = known.get(topicId)?.name
      return topic === undefined ? [] : partitions.map((partition) => ({ topic, partition }))
    })
    this.#settlement.target(wanted)
  }

  /** The group goes on without it: what it had is another one's. */
  #expelled(): void {
    this.#isMember = false
    this.#link.become(this.identity.memberId, joining)
    this.#settlement.lose()
  }

  #failed(error: unknown): void {
    if (this.#link.isClosed) return
    this.#expelled()
    const known = error instanceof ClientError ? error : new ClientError('UNKNOWN', `no member: ${String(error)}`, { cause: error })
    this.#settlement.fail(known)
  }

  #refusal(errorCode: number, message: string | null): ClientError | undefined {
    if (errorCode === ErrorCode.NONE || isOut.has(errorCode)) return undefined
    const { groupId, instanceId, serverAssignor } = this.#parts.options
    switch (errorCode) {
      // Whoever had the id has died, perhaps, and its session will end.
      case ErrorCode.UNRELEASED_INSTANCE_ID:
        return answeredError(errorCode, `member '${instanceId}' of group '${groupId}'`, {
          message: 'another one lives by this instance id, or has just died: each has its own',
          retriable: true,
        })
      case ErrorCode.FENCED_INSTANCE_ID:
        return this.#link.fenced()
      case ErrorCode.UNSUPPORTED_ASSIGNOR:
        return answeredError(errorCode, `cannot join group '${groupId}'`, {
          message: `the brokers have no assignor '${serverAssignor}': ${message}`,
        })
      case ErrorCode.UNSUPPORTED_VERSION:
        return answeredError(errorCode, `cannot join group '${groupId}'`, {
          message: "the brokers do not serve the consumer protocol: use 'classic'",
        })
      default:
        return answeredError(errorCode, `cannot be a member of group '${groupId}'`, { message })
    }
  }

  async #desert(): Promise<void> {
    const goodbye = this.#sayGoodbye()
    this.#expelled()
    await goodbye
  }

  /** A static member's partitions are kept for it, until its session ends. */
  async #sayGoodbye(): Promise<void> {
    const { groupId, instanceId } = this.#parts.options
    const { memberId, generationId } = this.identity
    if (generationId <= joining) return
    const body = { groupId, memberId, instanceId, memberEpoch: instanceId === null ? leaving : leavingForNow }
    await this.#link.goodbye(ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, body)
  }

  leave(): Promise<void> {
    return this.#link.leave(() => this.#sayGoodbye())
  }
}

type SaidTopics = { readonly subscribedTopicNames: string[] } | { readonly subscribedTopicRegex: string }

const isOut: ReadonlySet<number> = new Set([ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.FENCED_MEMBER_EPOCH])
