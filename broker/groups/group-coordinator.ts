/**
 * The coordinator of groups: what API handlers call with a group's id.
 * Owns: the shards of `__consumer_offsets`, and the checks that need no group. Never: knows what a group does with a request.
 * Every call rejects with CoordinatorError where it cannot be answered: the error code is for the client as it is.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import type { HeartbeatRequest } from '../../client/protocol/messages/heartbeat.ts'
import type { JoinGroupRequest } from '../../client/protocol/messages/join-group.ts'
import type { OffsetCommitRequest } from '../../client/protocol/messages/offset-commit.ts'
import type { OffsetDeleteRequest } from '../../client/protocol/messages/offset-delete.ts'
import type { SyncGroupRequest } from '../../client/protocol/messages/sync-group.ts'
import type { TxnOffsetCommitRequest } from '../../client/protocol/messages/txn-offset-commit.ts'
import type { Settings } from '../config/settings.ts'
import { CoordinatorError } from '../coordinator/coordinator-error.ts'
import { Shards } from '../coordinator/shards.ts'
import type { Parked } from '../coordinator/state-machine.ts'
import type { GroupFigures } from '../metrics/group-metrics.ts'
import type { Logger } from '../metrics/logger.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import type { Partition } from '../replication/partition.ts'
import type { Replicas } from '../replication/replicas.ts'
import type { JoinAnswer, SyncAnswer } from './classic/classic-member.ts'
import type { LeaveAnswer, LeavingMember } from './classic/membership.ts'
import { ConsumerGroups } from './consumer/consumer-groups.ts'
import { consumerGroupSettings, type GroupConfigs } from './consumer/consumer-settings.ts'
import type { DescribedConsumerGroup } from './consumer/description.ts'
import {
  checkHeartbeat,
  type HeartbeatAnswer as ConsumerHeartbeatAnswer,
  type HeartbeatRequest as ConsumerHeartbeatRequest,
} from './consumer/heartbeat-request.ts'
import type { Client, Group, GroupTurn } from './group.ts'
import { type GroupDescription, GroupMachine } from './group-machine.ts'
import { GroupSettings } from './group-settings.ts'
import { GroupTally } from './group-tally.ts'
import type { CommitAnswer, OffsetDeleteAnswer, TransactionalCommitAnswer } from './offsets/committing.ts'
import type { AskedGroup, FetchedGroup } from './offsets/fetching.ts'
import { type GroupRecord, groupCodec } from './records.ts'
import type { Topics } from './topics.ts'

export interface GroupCoordinatorOptions {
  readonly topic: string
  readonly replicas: Replicas
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** As the cluster has them. */
  readonly topics: Topics
  settings(): Settings
  /** What is set on a group itself. */
  configsOf(groupId: string): GroupConfigs
}

export class GroupCoordinator {
  readonly shards: Shards<GroupRecord, GroupMachine>
  readonly settings: GroupSettings
  readonly tally = new GroupTally()
  readonly #settings: () => Settings

  constructor({ topic, replicas, clock, random, logger, topics, settings: live, configsOf }: GroupCoordinatorOptions) {
    const settings = new GroupSettings(live)
    const { tally } = this
    this.settings = settings
    this.#settings = live
    this.shards = new Shards({
      topic,
      replicas,
      codec: groupCodec,
      clock,
      logger,
      machine: () => {
        const consumerProtocol = (machine: GroupMachine) =>
          new ConsumerGroups({
            topics,
            random,
            logger,
            settings: (groupId) => consumerGroupSettings(live(), configsOf(groupId)),
            groups: machine.groups,
            onEpoch: () => tally.epochs++,
            classic: machine,
          })
        return new GroupMachine({ settings, random, tally, consumerProtocol })
      },
    })
  }

  /** A step of the machine that has the group, answered in this turn or a later one. */
  async ask<A>(groupId: string, act: (machine: GroupMachine, turn: GroupTurn, parked: Parked<A>) => void): Promise<A> {
    const shard = this.shards.of(groupId)
    return shard.ask<A>((turn, parked) => act(shard.machine, turn, parked))
  }

  /** A step that answers at once, by what it returns. Of what it tells nothing can be lost any more. */
  async run<A>(groupId: string, act: (machine: GroupMachine, turn: GroupTurn) => A): Promise<A> {
    const shard = this.shards.of(groupId)
    return shard.run((turn) => act(shard.machine, turn))
  }

  async join(request: JoinGroupRequest, client: Client): Promise<JoinAnswer> {
    checkGroupId(request.groupId)
    const { sessionTimeoutMin, sessionTimeoutMax } = this.settings
    const { sessionTimeoutMs } = request
    if (sessionTimeoutMs < sessionTimeoutMin || sessionTimeoutMs > sessionTimeoutMax) {
      throw new CoordinatorError(ErrorCode.INVALID_SESSION_TIMEOUT)
    }
    return this.ask<JoinAnswer>(request.groupId, (machine, turn, parked) => machine.join({ request, client, parked }, turn))
  }

  async sync(request: SyncGroupRequest): Promise<SyncAnswer> {
    checkGroupId(request.groupId)
    return this.ask<SyncAnswer>(request.groupId, (machine, turn, parked) => machine.sync(request, parked, turn))
  }

  /** The error code. */
  async heartbeat(request: HeartbeatRequest): Promise<number> {
    checkGroupId(request.groupId)
    return this.run(request.groupId, (machine, turn) => machine.heartbeat(request, turn))
  }

  async leave(groupId: string, leaving: readonly LeavingMember[]): Promise<LeaveAnswer> {
    checkGroupId(groupId)
    return this.run(groupId, (machine, turn) => machine.leave(groupId, leaving, turn))
  }

  /** ConsumerGroupHeartbeat. Its version says which fields it must have. */
  async consumerHeartbeat(request: ConsumerHeartbeatRequest, client: Client): Promise<ConsumerHeartbeatAnswer> {
    checkHeartbeat(request, client.apiVersion, this.#settings().get('group.consumer.assignors'))
    return this.run(request.groupId, (machine, turn) => machine.consumers.consumerHeartbeat(request, client, turn))
  }

  /** ConsumerGroupDescribe. */
  async describeConsumers(groupId: string): Promise<DescribedConsumerGroup> {
    checkGroupId(groupId)
    return this.run(groupId, (machine) => machine.consumers.describe(groupId))
  }

  /** Topics of these names came, changed or went. */
  topicsChanged(names: ReadonlySet<string>, haveCome: boolean): void {
    for (const { machine } of this.shards.all()) machine.consumers.topicsChanged(names, haveCome)
  }

  /** Names and ids of topics are the handler's to look up. The empty group id is one like others here, for clients from long ago. */
  async commit(request: OffsetCommitRequest, client: Client): Promise<CommitAnswer> {
    return this.run(request.groupId, (machine, turn) => machine.commit(request, client, turn))
  }

  /** Of `__consumer_offsets`, where the group is. Throws CoordinatorError. */
  partitionOf(groupId: string): Partition {
    checkGroupId(groupId)
    return this.shards.of(groupId).partition
  }

  /** That the producer has such a transaction is the handler's to verify. */
  async commitInTransaction(request: TxnOffsetCommitRequest, client: Client): Promise<TransactionalCommitAnswer> {
    const { groupId, producerId, producerEpoch } = request
    const partition = this.partitionOf(groupId)
    // In the log it would be refused as well, and the shard with it.
    if (producerEpoch < (partition.log.producers.get(producerId)?.epoch ?? producerEpoch)) {
      throw new CoordinatorError(ErrorCode.INVALID_PRODUCER_EPOCH)
    }
    return this.run(groupId, (machine, turn) => machine.commitInTransaction(request, client, turn))
  }

  async fetchOffsets(asked: AskedGroup, requireStable: boolean): Promise<FetchedGroup> {
    return this.run(asked.groupId, (machine) => machine.fetchOffsets(asked, requireStable))
  }

  async deleteOffsets(request: OffsetDeleteRequest): Promise<OffsetDeleteAnswer> {
    checkGroupId(request.groupId)
    return this.run(request.groupId, (machine, turn) => machine.deleteOffsets(request, turn))
  }

  async delete(groupId: string): Promise<void> {
    return this.run(groupId, (machine, turn) => machine.delete(groupId, turn))
  }

  async describe(groupId: string): Promise<GroupDescription> {
    return this.run(groupId, (machine) => machine.describe(groupId))
  }

  /** All groups that are coordinated here. Rejects while some are still being loaded: not all would be told. */
  async list(): Promise<readonly Group[]> {
    const shards = [...this.shards.all()]
    const listed = await Promise.all(shards.map((shard) => shard.run(() => [...shard.machine.groups.values()])))
    return listed.flat()
  }

  /** What its groups are and did, for metrics. */
  figures(): GroupFigures {
    const counts = new Map<string, { type: string; state: string; groups: number; members: number }>()
    let offsets = 0
    for (const { machine } of this.shards.all()) {
      offsets += machine.offsets.count
      for (const { type, stateName: state, memberCount } of machine.groups.values()) {
        const count = counts.get(`${type} ${state}`) ?? { type, state, groups: 0, members: 0 }
        count.groups++
        count.members += memberCount
        counts.set(`${type} ${state}`, count)
      }
    }
    const { commits, expired, rebalances, epochs } = this.tally
    return { counts: [...counts.values()], offsets, commits, expired, rebalances: { classic: rebalances, consumer: epochs } }
  }

  /** What was committed of a topic that is gone. */
  topicGone(topic: string, topicId: string): void {
    for (const shard of this.shards.all()) {
      // One that does not serve finds no such topic when it is asked for the offset.
      shard.run((turn) => shard.machine.topicGone(topic, topicId, turn)).catch(() => undefined)
    }
  }
}

function checkGroupId(groupId: string): void {
  if (groupId === '') throw new CoordinatorError(ErrorCode.INVALID_GROUP_ID)
}
