/**
 * A simulated member of a group, whichever protocol it speaks: it joins, says that it lives, commits for what it has and fetches where to begin;
 * it leaves, dies, or sleeps past its session and goes on as if nothing had been. Who it was before may still commit when it is somebody else.
 * A subclass speaks the protocol.
 */
import { ErrorCode, errorOf } from '../../../client/protocol/errors.ts'
import type { Assignments } from '../checkers/assignments.ts'
import type { TransactionFate } from '../checkers/committed-offsets.ts'
import type { LivingMember, Settling } from '../checkers/settling.ts'
import { Violation } from '../violation.ts'
import { isPassing, Over, type Surroundings } from './client.ts'
import { type GroupCheckers, type Identity, OffsetClient, type TopicPartition } from './offset-client.ts'
import { TransactionalProducer, type TransactionalTraits } from './transactional-producer.ts'

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
  /** It comes later than others. */
  readonly delayMillis: number
  /** It commits in transactions. */
  readonly transactional: (TransactionalTraits & { readonly abortChance: number; readonly vanishChance: number }) | undefined
  readonly pauseMillisMax: number
}

export interface MemberCheckers extends GroupCheckers {
  readonly assignments: Assignments
  readonly settling: Settling
}

/** Who may commit, for what. */
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
  readonly #producer: TransactionalProducer | undefined
  #hasProducerId = false

  constructor(around: Surroundings, traits: GroupMemberTraits, checkers: MemberCheckers) {
    super(around, traits.groupId, checkers, traits.rebalanceMillis + 1_500)
    this.traits = traits
    this.assignments = checkers.assignments
    this.#settling = checkers.settling
    this.#settling.lives(this)
    const { transactional } = traits
    if (transactional) this.#producer = new TransactionalProducer(transactional, this.random, this.insist)
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
    await this.sleep(this.traits.delayMillis)
    await this.findCoordinator()
    const isAlive = await this.#takePart()
    await this.#producer?.leaveNothingOpen()
    if (isAlive && this.random.chance(0.5)) await this.leave(true)
  }

  /** Until all is over, or it dies for good. */
  async #takePart(): Promise<boolean> {
    while (!this.#isDone) {
      await (this.isMember ? this.heartbeat() : this.join())
      if (this.isMember) await this.#work()
      if (!this.stopping && (await this.#misbehave()) === 'dead') return false
      await this.sleep(1 + this.random.fraction() * this.traits.pauseMillisMax)
    }
    return true
  }

  get #isDone(): boolean {
    return this.stopping && this.#settling.isOver
  }

  async #work(): Promise<void> {
    const { commitChance, fetchChance } = this.traits
    const some = this.assigned.filter(() => this.random.chance(0.6))
    if (some.length > 0 && this.random.chance(commitChance)) await this.#commitAs({ identity: this.identity, partitions: some })
    if (some.length > 0 && this.random.chance(fetchChance)) {
      await this.fetch(some, { isStable: this.random.chance(0.5), identity: this.identity })
    }
  }

  async #commitAs({ identity, partitions }: Ghost): Promise<void> {
    const producer = this.#producer
    if (!producer) return this.commit(identity, partitions)
    try {
      if (!this.#hasProducerId) await producer.initialize(this.random.chance(0.5))
      this.#hasProducerId = true
      await this.#transact(producer, { identity, partitions })
    } catch (error) {
      if (!(error instanceof Over)) throw error
      this.#hasProducerId = false
    }
  }

  async #transact(producer: TransactionalProducer, { identity, partitions }: Ghost): Promise<void> {
    const { abortChance = 0, vanishChance = 0 } = this.traits.transactional ?? {}
    const fate: TransactionFate = { fate: 'open', committedAt: Number.POSITIVE_INFINITY }
    const isWhole = await this.commitInTransaction(identity, partitions, { producer, fate })
    if (this.random.chance(vanishChance)) throw new Over()
    // Nothing keeps it from committing outside of its transaction as well: the later one counts.
    if (this.random.chance(0.1)) await this.commit(identity, partitions)
    const commits = isWhole && !this.random.chance(abortChance)
    if (commits) fate.fate = 'ending'
    await producer.end(commits)
    fate.fate = commits ? 'committed' : 'aborted'
    if (!commits) return
    fate.committedAt = this.checkers.offsets.now()
    // The markers may not be written yet: whoever wants stable offsets must wait for them.
    if (this.random.chance(0.3)) await this.fetch(partitions, { isStable: true })
  }

  async #misbehave(): Promise<'dead' | undefined> {
    const { leaveChance, dieChance, sleepChance, hauntChance, sessionMillis, isMortal } = this.traits
    const ghost = this.random.chance(hauntChance) ? this.#ghosts.at(-1) : undefined
    if (ghost) await this.#commitAs(ghost)
    if (this.isMember && this.random.chance(leaveChance)) {
      this.#becomeGhost()
      await this.leave(isMortal || this.random.chance(0.5))
      this.#begin()
      if (isMortal) return this.#die()
    } else if (this.random.chance(dieChance)) {
      this.#becomeGhost()
      this.#begin()
      if (isMortal) return this.#die()
      await this.sleep(this.random.fraction() * sessionMillis * 2)
    } else if (this.random.chance(sleepChance)) {
      this.#becomeGhost()
      await this.sleep(this.random.fraction() * sessionMillis * 2)
    }
    return undefined
  }

  #die(): 'dead' {
    this.#settling.dies(this)
    return 'dead'
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
