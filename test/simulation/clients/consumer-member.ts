/**
 * A simulated member of a group that speaks the consumer protocol (KIP-848): the broker says what it is to have; it gives up what is not of that, at
 * its leisure, and says so.
 */
import { ErrorCode } from '../../../client/protocol/errors.ts'
import {
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
} from '../../../client/protocol/messages/consumer-group-heartbeat.ts'
import { randomUuid } from '../../../client/protocol/uuid.ts'
import type { Surroundings } from './client.ts'
import { GroupMember, type GroupMemberTraits, type MemberCheckers } from './group-member.ts'
import type { TopicPartition } from './offset-client.ts'

const joining = 0
const leaving = -1
const leavingForNow = -2

export interface ConsumerMemberTraits extends GroupMemberTraits {
  readonly protocol: 'consumer'
  readonly version: 0 | 1
  readonly assignor: string | null
  /** That it subscribes by a regular expression. */
  readonly byExpression: boolean
}

export class ConsumerMember extends GroupMember {
  declare protected readonly traits: ConsumerMemberTraits
  /** What the broker was last told that it has; undefined: it must hear all, as something changed or an answer was lost. */
  #said: readonly TopicPartition[] | undefined

  constructor(around: Surroundings, traits: ConsumerMemberTraits, checkers: MemberCheckers) {
    super(around, traits, checkers)
    this.reborn()
  }

  /** Since version 1 a member names itself. */
  protected override reborn(): void {
    this.memberId = this.traits.version === 0 ? '' : randomUuid(this.random)
    this.#said = undefined
  }

  protected override join(): Promise<void> {
    this.assigned = []
    this.#said = undefined
    return this.#beat(joining)
  }

  protected override heartbeat(): Promise<void> {
    return this.#beat(this.epoch)
  }

  async #beat(memberEpoch: number): Promise<void> {
    const { idOf } = await this.knownTopics()
    const connection = await this.connectedAnyway()
    const { groupId, memberId, era, assigned } = this
    const { version, instanceId, rebalanceMillis, assignor, byExpression, subscription } = this.traits
    const said = this.#said
    // To give up takes its time: until it has, it only says that it lives.
    const takesItsTime = said !== undefined && said !== assigned && this.random.chance(0.4)
    const saysAll = said !== assigned && !takesItsTime
    if (saysAll) this.tells(assigned)
    this.#said = undefined
    const all = {
      rebalanceTimeoutMs: rebalanceMillis,
      subscribedTopicNames: byExpression ? [] : [...subscription],
      ...(version > 0 && { subscribedTopicRegex: byExpression ? subscription.join('|') : '' }),
      serverAssignor: assignor,
      topicPartitions: assigned.map(({ topic, partition }) => ({ topicId: idOf.get(topic) ?? '', partitions: [partition] })),
    }
    const answer = await this.tryTo(() =>
      connection.request(ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, version, {
        groupId,
        memberId,
        memberEpoch,
        instanceId,
        ...(saysAll && all),
      }),
    )
    if (!answer) return
    if (answer.errorCode !== ErrorCode.NONE) return this.refused(answer.errorCode)
    this.memberId = answer.memberId ?? memberId
    this.isMember = true
    this.#said = takesItsTime ? said : assigned
    const partitions = answer.assignment ? await this.#named(answer.assignment) : assigned
    this.told(answer.memberEpoch, partitions, era)
  }

  async #named({ topicPartitions }: { topicPartitions: { topicId: string; partitions: number[] }[] }): Promise<TopicPartition[]> {
    const { idOf } = await this.knownTopics()
    const nameOf = new Map([...idOf].map(([name, id]) => [id, name]))
    return topicPartitions.flatMap(({ topicId, partitions }) =>
      partitions.map((partition) => ({ topic: nameOf.get(topicId) ?? topicId, partition })),
    )
  }

  protected override async leave(forGood: boolean): Promise<void> {
    const { groupId, memberId } = this
    const { instanceId, version } = this.traits
    const connection = await this.connectedAnyway()
    this.tells([])
    const memberEpoch = forGood || instanceId === null ? leaving : leavingForNow
    await this.tryTo(() =>
      connection.request(ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, version, {
        groupId,
        memberId,
        memberEpoch,
        instanceId,
      }),
    )
  }
}
