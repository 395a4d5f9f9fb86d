/**
 * A consumer group in a simulated world: a topic whose partitions its members share, and the register that they are held against.
 * Owns: what the seed makes of all that. Never: decides what goes wrong.
 */
import { GroupRegister } from './checkers/group-register.ts'
import type { TopicPlan } from './clients/admin.ts'
import type { Client, Surroundings } from './clients/client.ts'
import { GroupMember, type GroupMemberTraits } from './clients/group-member.ts'
import { OffsetReader } from './clients/offset-reader.ts'
import type { SeededRandom } from './platform/random.ts'

export interface GroupPlan {
  readonly topic: TopicPlan
  readonly members: readonly GroupMemberTraits[]
  /** Over the broker's defaults. */
  readonly settings: Record<string, string>
}

const topic = 'topicOfGroups'
const groupId = 'group'

/** Undefined: this world knows none. */
export function drawGroup(random: SeededRandom): GroupPlan | undefined {
  if (!random.chance(0.5)) return undefined
  const sessionMillis = random.magnitude(400, 4_000)
  const least = { 'group.consumer.min.session.timeout.ms': '1', 'group.consumer.min.heartbeat.interval.ms': '1' }
  return {
    topic: { name: topic, partitions: random.between(1, 5), configs: {} },
    members: Array.from({ length: random.between(1, 4) }, () => drawMember(random, sessionMillis)),
    settings: {
      ...least,
      'offsets.topic.num.partitions': `${random.between(1, 2)}`,
      // The clock jumps: what is kept for a week would be gone.
      'offsets.retention.minutes': '2147483647',
      'group.consumer.session.timeout.ms': `${sessionMillis}`,
      'group.consumer.heartbeat.interval.ms': `${Math.floor(sessionMillis / 4)}`,
      'group.consumer.assignment.interval.ms': `${random.pick([0, 20, 500])}`,
    },
  }
}

function drawMember(random: SeededRandom, sessionMillis: number): GroupMemberTraits {
  return {
    groupId,
    topic,
    sessionMillis,
    assignor: random.pick([null, null, 'uniform', 'range']),
    byExpression: random.chance(0.2),
    isStatic: random.chance(0.3),
    commitChance: random.pick([0, 0.3, 0.9]),
    leaveChance: random.pick([0, 0.02, 0.1]),
    vanishChance: random.pick([0, 0.02]),
    pauseMillisMax: random.magnitude(5, sessionMillis / 3),
  }
}

export class Group {
  readonly register: GroupRegister
  readonly clients: readonly Client[]
  readonly #auditor: OffsetReader

  constructor(plan: GroupPlan, surroundings: (name: string) => Surroundings) {
    const { partitions } = plan.topic
    this.register = new GroupRegister(partitions)
    this.clients = plan.members.map((traits, index) => new GroupMember(surroundings(`group member ${index}`), traits, this.register))
    this.#auditor = new OffsetReader(surroundings('auditor of offsets'), { groupId, topic, partitions }, this.register)
  }

  /** When the broker is up for good, and all clients are done. */
  async audit(): Promise<void> {
    this.#auditor.start()
    await this.#auditor.finished
  }
}
