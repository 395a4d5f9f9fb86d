/**
 * A simulated consumer of the newer group protocol (KIP-848), static or dynamic: it joins, says that it lives and what it has, gives up what it is
 * told to, commits, leaves, or is gone without a word and comes back. Without an answer for its session it takes itself for put out.
 */
import { ErrorCode, errorOf } from '../../../client/protocol/errors.ts'
import {
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
} from '../../../client/protocol/messages/consumer-group-heartbeat.ts'
import { FindCoordinatorRequest, FindCoordinatorResponse } from '../../../client/protocol/messages/find-coordinator.ts'
import { OffsetCommitRequest, OffsetCommitResponse } from '../../../client/protocol/messages/offset-commit.ts'
import type { GroupRegister } from '../checkers/group-register.ts'
import { Violation } from '../violation.ts'
import { Client, isPassing, type Surroundings } from './client.ts'

export interface GroupMemberTraits {
  readonly groupId: string
  readonly topic: string
  readonly sessionMillis: number
  readonly assignor: string | null
  readonly byExpression: boolean
  readonly isStatic: boolean
  readonly commitChance: number
  readonly leaveChance: number
  readonly vanishChance: number
  readonly pauseMillisMax: number
}

export class GroupMember extends Client {
  readonly #traits: GroupMemberTraits
  readonly #register: GroupRegister
  #incarnation = 0
  #epoch = 0
  #topicId: string | undefined
  /** Its next request must say all there is to say: something changed, or an answer was lost. */
  #mustSayAll = true
  /** What it is to have once it has given up the rest; it takes its time. */
  #toHave: number[] | undefined
  /** What it gave up at its epoch. */
  #gaveUp: number[] = []

  constructor(around: Surroundings, traits: GroupMemberTraits, register: GroupRegister) {
    super(around, { requestTimeoutMillis: 1_000 })
    this.#traits = traits
    this.#register = register
  }

  /** Of this incarnation. */
  get #memberId(): string {
    return `${this.name} ${this.#incarnation}`
  }

  get #instanceId(): string | null {
    return this.#traits.isStatic ? this.name : null
  }

  protected async live(): Promise<void> {
    const { commitChance, leaveChance, vanishChance, pauseMillisMax } = this.#traits
    await this.#findCoordinator()
    while (!this.stopping || !this.#register.isSettled(this.around.process.now)) {
      await this.#heartbeat()
      if (this.random.chance(commitChance)) await this.#commitOne()
      if (!this.stopping && this.random.chance(leaveChance)) await this.#leave()
      else if (!this.stopping && this.random.chance(vanishChance)) this.#beginAnew()
      await this.sleep(1 + this.random.fraction() * pauseMillisMax)
    }
    await this.#leave()
  }

  async #findCoordinator(): Promise<void> {
    for (;;) {
      const connection = await this.connectedAnyway()
      const body = { keyType: 0, coordinatorKeys: [this.#traits.groupId] }
      const answer = await this.tryTo(() => connection.request(FindCoordinatorRequest, FindCoordinatorResponse, 4, body))
      if (answer?.coordinators[0]?.errorCode === ErrorCode.NONE) return
      await this.sleep(this.random.between(5, 100))
    }
  }

  async #heartbeat(): Promise<void> {
    const connection = await this.connectedAnyway()
    this.#topicId ??= (await this.topicIds(connection))?.idOf.get(this.#traits.topic)
    if (this.#topicId === undefined) return
    if (this.#toHave && this.random.chance(0.6)) this.#giveUp(this.#toHave)
    const sent = this.around.process.now
    const has = this.#register.has(this.#memberId, sent)
    const body = this.#mustSayAll ? this.#all(this.#topicId, has) : this.#least()
    // Until it is answered, the next one must say all once more.
    this.#mustSayAll = true
    const answer = await this.tryTo(() => connection.request(ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, 1, body))
    if (!answer || isPassing(answer.errorCode)) return
    if (answer.errorCode !== ErrorCode.NONE) return this.#refused(answer.errorCode)
    const before = this.#epoch
    this.#epoch = answer.memberEpoch
    this.#register.heard(this.#memberId, sent + this.#traits.sessionMillis * 1000, this.around.process.now)
    if (answer.assignment) this.#told(answer.assignment.topicPartitions.flatMap(({ partitions }) => partitions))
    // Unless it gives up partitions at its leisure, it says so when it has what it was told.
    this.#mustSayAll = answer.assignment !== null && this.#toHave === undefined
    if (before > 0 && before < this.#epoch) await this.#lookBack(before)
  }

  #told(partitions: number[]): void {
    const now = this.around.process.now
    const mustGiveUp = this.#register.has(this.#memberId, now).some((partition) => !partitions.includes(partition))
    if (mustGiveUp && this.random.chance(0.5)) this.#toHave = partitions
    else this.#giveUp(partitions)
  }

  #giveUp(toHave: readonly number[]): void {
    const now = this.around.process.now
    const had = this.#register.has(this.#memberId, now)
    this.#gaveUp = [...had, ...this.#gaveUp].filter((partition) => !toHave.includes(partition))
    this.#register.told(this.#memberId, toHave, now)
    this.#toHave = undefined
    this.#mustSayAll = true
  }

  /** What it gave up is another's, though it commits at the epoch at which it had it. */
  async #lookBack(epoch: number): Promise<void> {
    const partition = this.#gaveUp[0]
    this.#gaveUp = []
    if (partition === undefined || !this.random.chance(0.5)) return
    const error = await this.#commit(partition, 1_000_000, epoch)
    if (error === ErrorCode.NONE)
      throw new Violation(11, `${this.#memberId} gave up partition ${partition}, and could commit at epoch ${epoch}`)
  }

  #least() {
    return { groupId: this.#traits.groupId, memberId: this.#memberId, memberEpoch: this.#epoch, instanceId: this.#instanceId }
  }

  #all(topicId: string, has: number[]) {
    const { topic, sessionMillis, assignor, byExpression } = this.#traits
    return {
      ...this.#least(),
      rebalanceTimeoutMs: sessionMillis * 3,
      subscribedTopicNames: byExpression ? [] : [topic],
      subscribedTopicRegex: byExpression ? `${topic}.*` : null,
      serverAssignor: assignor,
      topicPartitions: this.#epoch > 0 && has.length > 0 ? [{ topicId, partitions: has }] : [],
    }
  }

  #refused(errorCode: number): void {
    switch (errorCode) {
      case ErrorCode.UNRELEASED_INSTANCE_ID:
        return
      case ErrorCode.FENCED_INSTANCE_ID:
        return this.#beginAnew()
      case ErrorCode.FENCED_MEMBER_EPOCH:
      case ErrorCode.UNKNOWN_MEMBER_ID:
      case ErrorCode.GROUP_ID_NOT_FOUND:
        return this.#forget()
      default:
        throw new Violation(5, `${this.name} sent a good heartbeat and was answered ${errorOf(errorCode).name}`)
    }
  }

  #forget(): void {
    this.#register.drop(this.#memberId)
    this.#epoch = 0
    this.#mustSayAll = true
    this.#toHave = undefined
    this.#gaveUp = []
  }

  #beginAnew(): void {
    this.#forget()
    this.#incarnation++
  }

  async #commitOne(): Promise<void> {
    const has = this.#register.has(this.#memberId, this.around.process.now)
    if (has.length === 0) return
    const connection = await this.connected()
    const partition = this.random.pick(has)
    if (!connection || !this.#register.has(this.#memberId, this.around.process.now).includes(partition)) return
    const offset = this.#register.nextOffset(partition)
    const error = await this.#commit(partition, offset)
    if (error === ErrorCode.NONE) this.#register.acknowledged(partition, offset)
  }

  async #commit(partition: number, offset: number, epoch = this.#epoch): Promise<number | undefined> {
    const { groupId, topic } = this.#traits
    const connection = await this.connectedAnyway()
    const partitions = [{ partitionIndex: partition, committedOffset: offset, committedMetadata: '' }]
    const body = {
      groupId,
      memberId: this.#memberId,
      generationIdOrMemberEpoch: epoch,
      groupInstanceId: this.#instanceId,
      topics: [{ name: topic, partitions }],
    }
    const answer = await this.tryTo(() => connection.request(OffsetCommitRequest, OffsetCommitResponse, 9, body))
    return answer?.topics[0]?.partitions[0]?.errorCode
  }

  /** A static member leaves for now, or for good. */
  async #leave(): Promise<void> {
    const has = this.#register.has(this.#memberId, this.around.process.now)
    this.#register.drop(this.#memberId)
    const memberEpoch = this.#traits.isStatic && !this.stopping && this.random.chance(0.5) ? -2 : -1
    for (;;) {
      const connection = await this.connectedAnyway()
      const body = { ...this.#least(), memberEpoch }
      const answer = await this.tryTo(() => connection.request(ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, 1, body))
      if (answer && !isPassing(answer.errorCode)) break
      await this.sleep(this.random.between(5, 100))
    }
    if (memberEpoch === -1 && has.length > 0 && this.#epoch > 0) await this.#haunt(this.random.pick(has))
    this.#beginAnew()
  }

  /** Somebody who has left commits all the same. */
  async #haunt(partition: number): Promise<void> {
    const error = await this.#commit(partition, 1_000_000)
    if (error === ErrorCode.NONE) throw new Violation(11, `${this.#memberId} has left, and could commit for partition ${partition}`)
  }
}
