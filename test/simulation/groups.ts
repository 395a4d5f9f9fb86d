/**
 * Groups in a simulated world: their members, of both protocols, over the world's topics, and the checkers that hold the broker against what they
 * were told.
 * Owns: what the seed makes of all that. Never: decides what goes wrong.
 */
import type { BrokerNode } from './broker-node.ts'
import { Assignments } from './checkers/assignments.ts'
import { CommittedOffsets } from './checkers/committed-offsets.ts'
import { CoordinatorView } from './checkers/coordinator-view.ts'
import { Settling } from './checkers/settling.ts'
import { ClassicMember, type ClassicMemberTraits } from './clients/classic-member.ts'
import type { Client, Surroundings } from './clients/client.ts'
import { ConsumerMember, type ConsumerMemberTraits } from './clients/consumer-member.ts'
import type { GroupMemberTraits } from './clients/group-member.ts'
import { OffsetReader } from './clients/offset-reader.ts'
import type { SeededRandom } from './platform/random.ts'
import { Violation } from './violation.ts'

export interface GroupsPlan {
  readonly topics: readonly string[]
  readonly groupIds: readonly string[]
  readonly members: readonly (ClassicMemberTraits | ConsumerMemberTraits)[]
  readonly readerPauseMillisMax: number
  /** Over the broker's defaults. */
  readonly settings: Record<string, string>
}

/** Many times what sessions, rebalances and requests may take together. */
const settlePatienceMillis = 60_000
const lookEveryMillis = 20

/** Undefined: this world knows none. */
export function drawGroups(random: SeededRandom, topics: readonly string[]): GroupsPlan | undefined {
  if (!random.chance(0.4)) return undefined
  const sessionMillis = random.magnitude(150, 2_000)
  const groupIds = Array.from({ length: random.between(1, 2) }, (_, index) => `group${index}`)
  return {
    topics,
    groupIds,
    members: groupIds.flatMap((groupId) => drawMembers(random, groupId, topics, sessionMillis)),
    readerPauseMillisMax: random.magnitude(10, 300),
    settings: {
      'group.min.session.timeout.ms': '1',
      'group.initial.rebalance.delay.ms': `${random.pick([0, 10, 300])}`,
      'group.consumer.min.session.timeout.ms': '1',
      'group.consumer.min.heartbeat.interval.ms': '1',
      'group.consumer.session.timeout.ms': `${sessionMillis}`,
      'group.consumer.heartbeat.interval.ms': `${Math.floor(sessionMillis / 4)}`,
      'group.consumer.assignment.interval.ms': `${random.pick([0, 20, 500])}`,
      'offsets.topic.num.partitions': `${random.between(1, 2)}`,
      'transaction.state.log.num.partitions': '1',
      'transaction.abort.timed.out.transaction.cleanup.interval.ms': `${random.magnitude(20, 1_000)}`,
      // The clock jumps: what is kept for a week would be gone.
      'offsets.retention.minutes': '2000000000',
      ...(random.chance(0.4) && compacting(random)),
    },
  }
}

/** The offsets topic gets segments that are compacted before the world ends. */
function compacting(random: SeededRandom): Record<string, string> {
  return {
    'log.roll.ms': `${random.magnitude(100, 2_000)}`,
    'log.cleaner.min.cleanable.ratio': `${random.pick([0, 0.3])}`,
    'log.cleaner.backoff.ms': `${random.magnitude(5, 1_000)}`,
  }
}

function drawMembers(random: SeededRandom, groupId: string, topics: readonly string[], sessionMillis: number) {
  const classicShare = random.pick([0, 0.5, 0.5, 1])
  const isCooperative = random.chance(0.5)
  return Array.from({ length: random.between(1, 5) }, (_, index): ClassicMemberTraits | ConsumerMemberTraits => {
    const common = {
      ...drawMember(random, groupId, topics, sessionMillis),
      transactional: drawTransactional(random, `${groupId}-${index}`),
    }
    const instanceId = random.chance(0.3) ? `${groupId}-instance${index}` : null
    const consumer = { version: random.pick([0, 1, 1] as const), assignor: random.pick([null, 'uniform', 'range']) }
    const least = instanceId === null ? 0 : 5
    const classic = {
      joinVersion: random.between(least, 9),
      syncVersion: random.between(least === 0 ? 0 : 3, 5),
      heartbeatVersion: random.between(least === 0 ? 0 : 3, 4),
      leaveVersion: random.between(least === 0 ? 0 : 3, 5),
    }
    const byExpression = consumer.version === 1 && random.chance(0.3)
    if (random.chance(classicShare)) return { ...common, instanceId, protocol: 'classic', isCooperative, ...classic }
    return { ...common, instanceId, protocol: 'consumer', byExpression, ...consumer }
  })
}

function drawMember(random: SeededRandom, groupId: string, topics: readonly string[], sessionMillis: number) {
  const some = topics.filter(() => random.chance(0.7))
  const rare = (): number => random.pick([0, 0.02, 0.1])
  return {
    groupId,
    subscription: some.length > 0 ? some : [random.pick(topics)],
    sessionMillis,
    rebalanceMillis: random.magnitude(sessionMillis / 2, 3_000),
    commitChance: random.pick([0, 0.3, 0.9]),
    fetchChance: random.pick([0, 0.1, 0.5]),
    leaveChance: rare(),
    dieChance: rare(),
    sleepChance: rare(),
    hauntChance: random.pick([0, 0.05, 0.3]),
    isMortal: random.chance(0.3),
    delayMillis: random.pick([0, 1, 1_000]) * random.fraction(),
    pauseMillisMax: random.magnitude(10, sessionMillis / 4),
  } satisfies Omit<GroupMemberTraits, 'protocol' | 'instanceId' | 'transactional'>
}

function drawTransactional(random: SeededRandom, transactionalId: string): GroupMemberTraits['transactional'] {
  if (!random.chance(0.35)) return undefined
  return {
    transactionalId,
    version: random.pick([1, 2]),
    timeoutMillis: random.magnitude(50, 20_000),
    abortChance: random.pick([0, 0.2, 0.5]),
    vanishChance: random.pick([0, 0.1]),
  }
}

export class Groups {
  readonly view: CoordinatorView
  readonly offsets = new CommittedOffsets()
  readonly assignments: Assignments
  readonly clients: readonly Client[]
  readonly #settling: Settling
  readonly #auditors: readonly OffsetReader[]
  readonly #node: BrokerNode

  constructor(
    { groupIds, members, topics, readerPauseMillisMax }: GroupsPlan,
    surroundings: (name: string) => Surroundings,
    node: BrokerNode,
  ) {
    this.#node = node
    this.view = new CoordinatorView(groupIds)
    this.assignments = new Assignments(this.view)
    this.#settling = new Settling(this.view, (topic) => node.partitionCount(topic))
    const checkers = { offsets: this.offsets, view: this.view, assignments: this.assignments, settling: this.#settling }
    const reader = (groupId: string, name: string) =>
      new OffsetReader(surroundings(`${name} of ${groupId}`), { groupId, topics, pauseMillisMax: readerPauseMillisMax }, checkers)
    this.clients = [
      ...members.map((traits, index) => {
        const around = surroundings(`member ${index}`)
        return traits.protocol === 'classic' ? new ClassicMember(around, traits, checkers) : new ConsumerMember(around, traits, checkers)
      }),
      ...groupIds.map((groupId) => reader(groupId, 'onlooker')),
    ]
    this.#auditors = groupIds.map((groupId) => reader(groupId, 'auditor'))
  }

  /** After every step. */
  check(): void {
    this.view.observe(this.#node.life, (groupId) => this.#node.group(groupId))
    this.assignments.check()
  }

  /** Nothing fails any more: all groups must come to rest. */
  async settle(sleep: (millis: number) => Promise<void>): Promise<void> {
    for (let waited = 0; ; waited += lookEveryMillis) {
      const unrest = this.#settling.unrest()
      if (unrest === undefined) return
      if (waited > settlePatienceMillis) throw new Violation(12, `after ${settlePatienceMillis} ms without faults, ${unrest}`)
      await sleep(lookEveryMillis)
    }
  }

  /** When the broker is up for good, and all clients are done. */
  async audit(): Promise<void> {
    for (const auditor of this.#auditors) await auditor.audit()
    this.offsets.check()
  }
}
