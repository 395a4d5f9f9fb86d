/**
 * A simulated member of a group, whichever protocol it speaks: it joins, says that it lives, commits for what it has and fetches where to begin;
 * it leaves, dies, or sleeps past its session and goes on as if nothing had been. Who it was before may still commit when it is somebody else.
 * A subclass speaks the protocol.
 */
import { ErrorCode, errorOf } from '../../../client/protocol/errors.ts'
import type { Assignments } from '../checkers/assignments.ts'
import type { LivingMember, Settling } from '../checkers/settling.ts'
import { Violation } from '../violation.ts'
import { isPassing, type Surroundings } from './client.ts'
import { type GroupCheckers, type Identity, OffsetClient, type TopicPartition } from './offset-client.ts'

export interface GroupMemberTraits {
  readonly groupId: string
  readonly protocol: 'classic' | 'consumer'
  readonly subscription: readonly string[]
  /** Null: a dynamic member. */
  readonly instanceId: string | null
  readonly sessionMillis: number
  readonly rebalanceMillis: number
  readonly commitChance: number
  readonly fetchChance: number
  readonly leaveChance: number
  readonly dieChance: number
  readonly sleepChance: number
  /** That who it was before commits. */
  readonly hauntChance: number
  /** Once it dies it does not come back. */
  readonly isMortal: boolean
  readonly pauseMillisMax: number
}

export interface MemberCheckers extends GroupCheckers {
  readonly assignments: Assignments
  readonly settling: Settling
}

interface Ghost {
  readonly identity: Identity
  readonly partitions: readonly TopicPartition[]
}

const ghostsMax = 3

export abstract class GroupMember extends OffsetClient implements LivingMember {
  protected readonly traits: GroupMemberTraits
  protected readonly assignments: Assignments
  readonly #settling: Settling
  memberId = ''
  epoch = -1
  protected isMember = false
  protected assigned: readonly TopicPartition[] = []
  readonly #ghosts: Ghost[] = []

  constructor(around: Surroundings, traits: GroupMemberTraits, checkers: MemberCheckers) {
    super(around, traits.groupId, checkers, traits.rebalanceMillis + 1_500)
    this.traits = traits
    this.assignments = checkers.assignments
    this.#settling = checkers.settling
    this.#settling.lives(this)
  }

  get subscription(): readonly string[] {
    return this.traits.subscription
  }

  get partitions(): readonly string[] {
    return this.assigned.map(nameOf)
  }

  protected get identity(): Identity {
    const { memberId, epoch } = this
    return { memberId, epoch, instanceId: this.traits.instanceId, hasEpoch: this.traits.protocol === 'consumer' }
  }

  /** One try. */
  protected abstract join(): Promise<void>
  protected abstract heartbeat(): Promise<void>
  /** One try. @param forGood a static member may be back soon. */
  protected abstract leave(forGood: boolean): Promise<void>
  /** It is nobody, and will be somebody new. */
  protected abstract reborn(): void

  protected async live(): Promise<void> {
    await this.findCoordinator()
    while (!this.#isDone) {
      await (this.isMember ? this.heartbeat() : this.join())
      if (this.isMember) await this.#work()
      if (!this.stopping && (await this.#misbehave()) === 'dead') return
      await this.sleep(1 + this.random.fraction() * this.traits.pauseMillisMax)
    }
    if (this.random.chance(0.5)) await this.leave(true)
  }

  get #isDone(): boolean {
    return this.stopping && this.#settling.isOver
  }

  async #work(): Promise<void> {
    const { commitChance, fetchChance } = this.traits
    const some = this.assigned.filter(() => this.random.chance(0.6))
    if (some.length > 0 && this.random.chance(commitChance)) await this.commit(this.identity, some)
    if (some.length > 0 && this.random.chance(fetchChance)) {
      await this.fetch(some, { isStable: this.random.chance(0.5), identity: this.identity })
    }
  }

  async #misbehave(): Promise<'dead' | undefined> {
    const { leaveChance, dieChance, sleepChance, hauntChance, sessionMillis, isMortal } = this.traits
    const ghost = this.random.chance(hauntChance) ? this.#ghosts.at(-1) : undefined
    if (ghost) await this.commit(ghost.identity, ghost.partitions)
    if (this.isMember && this.random.chance(leaveChance)) {
      this.#becomeGhost()
      await this.leave(this.random.chance(0.5))
      this.#begin()
    } else if (this.random.chance(dieChance)) {
      this.#becomeGhost()
      this.#begin()
      if (isMortal) this.#settling.dies(this)
      if (isMortal) return 'dead'
      await this.sleep(this.random.fraction() * sessionMillis * 2)
    } else if (this.random.chance(sleepChance)) {
      this.#becomeGhost()
      await this.sleep(this.random.fraction() * sessionMillis * 2)
    }
    return undefined
  }

  #becomeGhost(): void {
    if (!this.isMember || this.assigned.length === 0) return
    this.#ghosts.push({ identity: this.identity, partitions: this.assigned })
    if (this.#ghosts.length > ghostsMax) this.#ghosts.shift()
  }

  #begin(): void {
    this.isMember = false
    this.assigned = []
    this.epoch = -1
    this.reborn()
  }

  /** The broker says that it is at this generation or epoch, with these partitions. @param era when it asked */
  protected told(epoch: number, partitions: readonly TopicPartition[], era: number): void {
    const { groupId, memberId } = this
    this.epoch = epoch
    this.assigned = partitions
    this.assignments.told({ groupId, memberId, instanceId: this.traits.instanceId, era, epoch, partitions: this.partitions })
  }

  /** It tells the broker that it has these, and no others. */
  protected tells(partitions: readonly TopicPartition[]): void {
    this.assignments.keeps(this.groupId, this.memberId, partitions.map(nameOf))
  }

  protected get era(): number {
    return this.checkers.view.era(this.groupId)
  }

  /** After an answer that is no success. It may be the coordinator that is not there. */
  protected async refused(errorCode: number): Promise<void> {
    if (isPassing(errorCode)) return this.findCoordinator()
    switch (errorCode) {
      case ErrorCode.REBALANCE_IN_PROGRESS:
      case ErrorCode.UNRELEASED_INSTANCE_ID:
        this.isMember = false
        return
      case ErrorCode.ILLEGAL_GENERATION:
      case ErrorCode.FENCED_MEMBER_EPOCH:
      case ErrorCode.GROUP_ID_NOT_FOUND:
        this.#becomeGhost()
        this.isMember = false
        this.assigned = []
        return
      case ErrorCode.UNKNOWN_MEMBER_ID:
      case ErrorCode.FENCED_INSTANCE_ID:
        this.#becomeGhost()
        return this.#begin()
      default:
        throw new Violation(5, `${this.name} sent a good request and was answered ${errorOf(errorCode).name}`)
    }
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}
