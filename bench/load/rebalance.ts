/**
 * One classic group with many members, each on a connection of its own, that heartbeat five times a second and join again when they are told to:
 * how long until all of them have their assignment of one generation, when the group is new and when one member joins again.
 *
 *     node bench/load/rebalance.ts HOST:PORT [members 1000] [rounds 5]
 *
 * The broker's `group.initial.rebalance.delay.ms` is part of the first figure, the way to the next heartbeat (200 ms at most) of the others.
 */
import type { BrokerConnection } from '../../client/network/broker-connection.ts'
import { ErrorCode } from '../../client/protocol/errors.ts'
import { HeartbeatRequest, HeartbeatResponse } from '../../client/protocol/messages/heartbeat.ts'
import { JoinGroupRequest, JoinGroupResponse } from '../../client/protocol/messages/join-group.ts'
import { ConsumerProtocolAssignment } from '../../client/protocol/messages/records/consumer-protocol-assignment.ts'
import { ConsumerProtocolSubscription } from '../../client/protocol/messages/records/consumer-protocol-subscription.ts'
import { SyncGroupRequest, SyncGroupResponse } from '../../client/protocol/messages/sync-group.ts'
import { encodeVersioned } from '../../client/protocol/stored.ts'
import { awaitCoordinator, check, connect, Durations, now, pause, report, targetOf } from './broker.ts'

const target = targetOf(process.argv[2])
const [memberCount = 1000, rounds = 5] = process.argv.slice(3).map(Number)
const heartbeatMillis = 200
const groupId = `rebalance-${Date.now()}`
const assignment = encodeVersioned(ConsumerProtocolAssignment, 0, {
  assignedPartitions: [{ topic: 'orders', partitions: [0] }],
  userData: null,
})

function subscription(stamp: number): Buffer {
  return encodeVersioned(ConsumerProtocolSubscription, 0, { topics: ['orders'], userData: Buffer.alloc(50, stamp) })
}

/** How many members have their assignment of the newest generation. */
let newest = 0
let settled = 0
let allSettled = (): void => undefined

class Member {
  readonly #connection: BrokerConnection
  #id = ''
  #generation = -1
  #mustJoin = true
  /** What a member can do changes now and then: a broker need not rebalance for one that comes back unchanged. */
  #metadata = subscription(0)
  isOver = false

  constructor(connection: BrokerConnection) {
    this.#connection = connection
  }

  rejoin(): void {
    this.#metadata = subscription(newest)
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
    const body = { groupId, sessionTimeoutMs: 60_000, rebalanceTimeoutMs: 60_000, memberId: this.#id, protocolType: 'consumer', protocols }
    const joined = await this.#connection.send(JoinGroupRequest, JoinGroupResponse, body)
    if (joined.memberId !== '') this.#id = joined.memberId
    if (joined.errorCode === ErrorCode.MEMBER_ID_REQUIRED) return
    if (joined.errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS || joined.errorCode === ErrorCode.NOT_COORDINATOR) return pause(50)
    check('joining', joined.errorCode)
    this.#generation = joined.generationId
    const assignments = joined.leader === this.#id ? joined.members.map(({ memberId }) => ({ memberId, assignment })) : []
    const synced = await this.#connection.send(SyncGroupRequest, SyncGroupResponse, {
      groupId,
      generationId: this.#generation,
      memberId: this.#id,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments,
    })
    if (synced.errorCode === ErrorCode.REBALANCE_IN_PROGRESS) return
    check('syncing', synced.errorCode)
    this.#mustJoin = false
    if (this.#generation > newest) {
      newest = this.#generation
      settled = 0
    }
    if (this.#generation === newest && ++settled === memberCount) allSettled()
  }

  async #heartbeat(): Promise<void> {
    const body = { groupId, generationId: this.#generation, memberId: this.#id }
    const { errorCode } = await this.#connection.send(HeartbeatRequest, HeartbeatResponse, body)
    if (errorCode === ErrorCode.REBALANCE_IN_PROGRESS) this.#mustJoin = true
    else check('a heartbeat', errorCode)
  }
}

const admin = await connect(target, 'bench')
await awaitCoordinator(admin, 0, [groupId])
const members: Member[] = []
for (let nth = 0; nth < memberCount; nth++) members.push(new Member(await connect(target, 'bench')))

async function settling(start: () => void): Promise<number> {
  const began = now()
  await new Promise<void>((resolve) => {
    allSettled = resolve
    start()
  })
  return now() - began
}

const lives: Promise<void>[] = []
const first = await settling(() => {
  for (const member of members) lives.push(member.live())
})
const again = new Durations()
for (let round = 0; round < rounds; round++) again.add(await settling(() => members[0]?.rejoin()))
report({
  tool: 'rebalance',
  members: memberCount,
  firstMillis: first,
  againMillisP50: again.quantile(0.5),
  againMillisMax: again.quantile(1),
})
for (const member of members) member.isOver = true
await Promise.all(lives)
await admin.close()
