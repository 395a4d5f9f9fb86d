/**
 * One classic group with many members, each on a connection of its own, that heartbeat five times a second and join again when they are told to:
 * how long until all of them have their assignment of one generation, when the group is new and each time one member joins again.
 * The broker's `group.initial.rebalance.delay.ms` is part of the first, the way to the next heartbeat (200 ms at most) of the others.
 */
import type { BrokerConnection } from '../../client/network/broker-connection.ts'
import { ErrorCode } from '../../client/protocol/errors.ts'
import { HeartbeatRequest, HeartbeatResponse } from '../../client/protocol/messages/heartbeat.ts'
import { JoinGroupRequest, JoinGroupResponse } from '../../client/protocol/messages/join-group.ts'
import { ConsumerProtocolAssignment } from '../../client/protocol/messages/records/consumer-protocol-assignment.ts'
import { ConsumerProtocolSubscription } from '../../client/protocol/messages/records/consumer-protocol-subscription.ts'
import { SyncGroupRequest, SyncGroupResponse } from '../../client/protocol/messages/sync-group.ts'
import { encodeVersioned } from '../../client/protocol/stored.ts'
import type { Meter } from '../process/meter.ts'
import type { Share } from '../process/messages.ts'
import { nowMicros } from '../process/metronome.ts'
import { awaitCoordinator, check, connect, keyTypeOf, pause } from './coordinators.ts'
import type { Workload } from './workload.ts'

export const groupRebalance: Workload = {
  name: 'groups-rebalance',
  about: 'A classic group of --members, of whom one joins again and again: how long until all have their assignment.',
  unit: 'rebalances',
  timed: 'from when one member joins again until all have their assignment',
  unfit: ({ processes }) => (processes > 1 ? 'its load is one process (--processes 1), where its members are told apart' : undefined),
  prepare: async () => ({ group: `bench-rebalance-${Date.now().toString(36)}-${process.pid}` }),
  load: rebalanceShare,
}

const heartbeatMillis = 200
const assignment = encodeVersioned(ConsumerProtocolAssignment, 0, {
  assignedPartitions: [{ topic: 'orders', partitions: [0] }],
  userData: null,
})

function subscription(stamp: number): Buffer {
  return encodeVersioned(ConsumerProtocolSubscription, 0, { topics: ['orders'], userData: Buffer.alloc(50, stamp) })
}

/** How many members have their assignment of the newest generation. */
class Generation {
  newest = 0
  #settled = 0
  #allSettled = (): void => undefined
  readonly #memberCount: number

  constructor(memberCount: number) {
    this.#memberCount = memberCount
  }

  /** A member has its assignment. */
  settle(generation: number): void {
    if (generation > this.newest) {
      this.newest = generation
      this.#settled = 0
    }
    if (generation === this.newest && ++this.#settled === this.#memberCount) this.#allSettled()
  }

  /** Microseconds from `start` until all have theirs. */
  async settling(start: () => void): Promise<number> {
    const began = nowMicros()
    await new Promise<void>((resolve) => {
      this.#allSettled = resolve
      start()
    })
    return nowMicros() - began
  }
}

class Member {
  readonly #connection: BrokerConnection
  readonly #groupId: string
  readonly #group: Generation
  #id = ''
  #generation = -1
  #mustJoin = true
  /** What a member can do changes now and then: a broker need not rebalance for one that comes back unchanged. */
  #metadata = subscription(0)
  isOver = false

  constructor(connection: BrokerConnection, groupId: string, group: Generation) {
    this.#connection = connection
    this.#groupId = groupId
    this.#group = group
  }

  rejoin(): void {
    this.#metadata = subscription(this.#group.newest)
    this.#mustJoin = true
  }

  async live(): Promise<void> {
    while (!this.isOver) {
      if (this.#mustJoin) await this.#join()
      else {
        await pause(heartbeatMillis)
        if (!this.#mustJoin && !this.isOver) await this.#heartbeat()
      }
    }
    await this.#connection.close()
  }

  async #join(): Promise<void> {
    const protocols = [{ name: 'range', metadata: this.#metadata }]
    const body = {
      groupId: this.#groupId,
      sessionTimeoutMs: 60_000,
      rebalanceTimeoutMs: 60_000,
      memberId: this.#id,
      protocolType: 'consumer',
      protocols,
    }
    const joined = await this.#connection.send(JoinGroupRequest, JoinGroupResponse, body)
    if (joined.memberId !== '') this.#id = joined.memberId
    if (joined.errorCode === ErrorCode.MEMBER_ID_REQUIRED) return
    if (joined.errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS || joined.errorCode === ErrorCode.NOT_COORDINATOR) return pause(50)
    check('joining', joined.errorCode)
    this.#generation = joined.generationId
    const assignments = joined.leader === this.#id ? joined.members.map(({ memberId }) => ({ memberId, assignment })) : []
    const synced = await this.#connection.send(SyncGroupRequest, SyncGroupResponse, {
      groupId: this.#groupId,
      generationId: this.#generation,
      memberId: this.#id,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments,
    })
    if (synced.errorCode === ErrorCode.REBALANCE_IN_PROGRESS) return
    check('syncing', synced.errorCode)
    this.#mustJoin = false
    this.#group.settle(this.#generation)
  }

  async #heartbeat(): Promise<void> {
    const body = { groupId: this.#groupId, generationId: this.#generation, memberId: this.#id }
    const { errorCode } = await this.#connection.send(HeartbeatRequest, HeartbeatResponse, body)
    if (errorCode === ErrorCode.REBALANCE_IN_PROGRESS) this.#mustJoin = true
    else check('a heartbeat', errorCode)
  }
}

async function rebalanceShare({ bootstrap, load, scene }: Share, meter: Meter): Promise<void> {
  const groupId = scene['group'] ?? ''
  const admin = await connect(bootstrap)
  await awaitCoordinator(admin, keyTypeOf.group, [groupId])
  const group = new Generation(load.members)
  const members: Member[] = []
  for (let nth = 0; nth < load.members; nth++) members.push(new Member(await connect(bootstrap), groupId, group))
  const lives: Promise<void>[] = []
  const first = await group.settling(() => {
    for (const member of members) lives.push(member.live())
  })
  // Whoever fails makes everybody else wait: it is told at once.
  const failed = Promise.all(lives).then(() => new Promise<never>(() => undefined))
  await Promise.race([meter.ready(), failed])
  meter.note('first ms', first / 1000)
  while (!meter.isOver) {
    const micros = await Promise.race([group.settling(() => members[0]?.rejoin()), failed])
    meter.count(1, 0, micros)
  }
  for (const member of members) member.isOver = true
  await Promise.all(lives)
  await admin.close()
}
