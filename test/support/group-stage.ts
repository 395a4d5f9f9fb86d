/**
 * A partition's groups on a stage of their own: the machine with virtual time, topics that a test changes, and a log in memory. Records go through
 * their bytes, as in a broker; every turn is committed at once. `restart` loads the log into a new machine.
 */
import { CoordinatorError } from '../../broker/coordinator/coordinator-error.ts'
import type { EncodedRecord, Parked, Placement } from '../../broker/coordinator/state-machine.ts'
import { Settings } from '../../broker/config/settings.ts'
import type { ConsumerGroupSettings } from '../../broker/groups/consumer/consumer-context.ts'
import { ConsumerGroup } from '../../broker/groups/consumer/consumer-group.ts'
import { ConsumerGroups } from '../../broker/groups/consumer/consumer-groups.ts'
import { consumerGroupSettings } from '../../broker/groups/consumer/consumer-settings.ts'
import type { HeartbeatAnswer, HeartbeatRequest } from '../../broker/groups/consumer/heartbeat-request.ts'
import type { Client, GroupTurn } from '../../broker/groups/group.ts'
import { GroupMachine } from '../../broker/groups/group-machine.ts'
import { GroupSettings } from '../../broker/groups/group-settings.ts'
import { GroupTally } from '../../broker/groups/group-tally.ts'
import { type GroupRecord, groupCodec } from '../../broker/groups/records.ts'
import type { GroupTopic, Topics } from '../../broker/groups/topics.ts'
import { silentLogger } from '../../broker/metrics/logger.ts'
import { errorOf } from '../../client/protocol/errors.ts'
import { uuidText } from '../../client/protocol/uuid.ts'

export class StageTopics implements Topics {
  version = 1
  readonly #byName = new Map<string, GroupTopic>()
  #made = 0

  names() {
    return this.#byName.keys()
  }

  get(name: string) {
    return this.#byName.get(name)
  }

  nameOf(id: string) {
    return this.#byName.values().find((topic) => topic.id === id)?.name
  }

  idOf(name: string): string {
    return this.#byName.get(name)?.id ?? ''
  }

  /** Made, or made larger. */
  set(name: string, partitionCount: number): void {
    const id = this.#byName.get(name)?.id ?? uuidText(Buffer.alloc(16, ++this.#made))
    this.#byName.set(name, { name, id, partitionCount, racksOf: () => [] })
    this.version++
  }

  delete(name: string): void {
    this.#byName.delete(name)
    this.version++
  }
}

const client: Client = { clientId: 'c', host: '/127.0.0.1', apiVersion: 1 }

/** Of one machine: what it has set, and its end. */
class StageTimers {
  readonly entries = new Map<string, { at: number; expired: (turn: GroupTurn) => void }>()
}

export class GroupStage {
  now = 1_000_000
  readonly topics = new StageTopics()
  readonly log: EncodedRecord[] = []
  /** Kinds of the records of the last turn, a tombstone with a dash before it. */
  written: string[] = []
  machine: GroupMachine
  readonly #overrides: Partial<ConsumerGroupSettings>
  #timers = new StageTimers()
  #randomness = 0

  constructor(overrides: Partial<ConsumerGroupSettings> = {}) {
    this.#overrides = { assignmentIntervalMillis: 0, ...overrides }
    this.machine = this.#newMachine()
    this.turn((turn) => this.machine.loaded(turn))
  }

  #newMachine(): GroupMachine {
    const random = { bytes: (count: number) => Buffer.alloc(count, ++this.#randomness), fraction: () => 0 }
    return new GroupMachine({
      settings: new GroupSettings(() => Settings.defaults),
      random,
      tally: new GroupTally(),
      consumerProtocol: (machine) =>
        new ConsumerGroups({
          topics: this.topics,
          random,
          logger: silentLogger,
          settings: () => ({ ...consumerGroupSettings(Settings.defaults, new Map()), ...this.#overrides }),
          groups: machine.groups,
          onEpoch: () => undefined,
          classic: machine,
        }),
    })
  }

  restart(): void {
    this.#timers = new StageTimers()
    this.machine = this.#newMachine()
    for (const { key, value } of this.log) {
      const record = groupCodec.decode(key, value)
      if (record) this.machine.apply(record, this.#placement())
    }
    this.turn((turn) => this.machine.loaded(turn))
  }

  #placement(): Placement {
    return { offset: 0, timestamp: this.now, producerId: -1, producerEpoch: -1 }
  }

  /** Throws what `act` throws; then nothing is written. */
  turn<R>(act: (turn: GroupTurn) => R): R {
    const records: GroupRecord[] = []
    const consequences: (() => void)[] = []
    const timers = this.#timers
    const result = act({
      now: this.now,
      monotonic: this.now,
      append: (record) => void records.push(record),
      inTransactionOf: () => undefined,
      whenCommitted: (consequence) => void consequences.push(consequence),
      answer: (request, answer) => void consequences.push(() => (request as StageParked).settle(answer)),
      schedule: (key, delay, expired) => void timers.entries.set(key, { at: this.now + delay, expired }),
      cancel: (key) => void timers.entries.delete(key),
    })
    this.written = records.map(({ kind, value }) => (value === null ? `-${kind}` : kind))
    for (const record of records) {
      const encoded = groupCodec.encode(record)
      const kept = { key: Buffer.from(encoded.key), value: encoded.value && Buffer.from(encoded.value) }
      this.log.push(kept)
      const decoded = groupCodec.decode(kept.key, kept.value)
      if (decoded) this.machine.apply(decoded, this.#placement())
    }
    for (const consequence of consequences) consequence()
    return result
  }

  /** Time goes by, and what is due happens in its order. */
  advance(millis: number): void {
    const end = this.now + millis
    for (;;) {
      const [due] = [...this.#timers.entries].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)
      if (!due) break
      this.#timers.entries.delete(due[0])
      this.now = Math.max(this.now, due[1].at)
      this.turn(due[1].expired)
    }
    this.now = end
  }

  setTopic(name: string, partitionCount: number): void {
    const isNew = !this.topics.get(name)
    this.topics.set(name, partitionCount)
    this.machine.consumers.topicsChanged(new Set([name]), isNew)
  }

  deleteTopic(name: string): void {
    this.topics.delete(name)
    this.machine.consumers.topicsChanged(new Set([name]), false)
  }

  heartbeat(request: Partial<HeartbeatRequest>): HeartbeatAnswer {
    return this.turn((turn) => this.machine.consumers.consumerHeartbeat({ ...blank, ...request }, client, turn))
  }

  /** A member that joins, of this name. */
  join(memberId: string, request: Partial<HeartbeatRequest> = {}): HeartbeatAnswer {
    const subscribed = request.subscribedTopicRegex === undefined ? ['t'] : null
    return this.heartbeat({ memberId, rebalanceTimeoutMs: 60_000, subscribedTopicNames: subscribed, topicPartitions: [], ...request })
  }

  ask<A>(act: (turn: GroupTurn, parked: Parked<A>) => void): A | undefined {
    const parked = new StageParked()
    this.turn((turn) => act(turn, parked as Parked<A>))
    return parked.given as A | undefined
  }

  group(groupId = 'g'): ConsumerGroup {
    const group = this.machine.groups.get(groupId)
    if (!(group instanceof ConsumerGroup)) throw new Error(`no consumer group ${groupId}: ${group?.type}`)
    return group
  }

  /** `a 2:0,1 STABLE`, for each member: its epoch and what it has of topic t. */
  shown(topic = 't'): string[] {
    const states = ['STABLE', 'UNREVOKED', 'UNRELEASED']
    return [...this.group().members()].map(({ memberId, memberEpoch, state, assignedPartitions }) => {
      const partitions = [...(assignedPartitions.get(this.topics.idOf(topic))?.keys() ?? [])].sort((a, b) => a - b)
      return `${memberId} ${memberEpoch}:${partitions.join()} ${states[state]}`
    })
  }
}

export class StageParked implements Parked<unknown> {
  isAnswered = false
  given: unknown

  settle(answer: unknown): void {
    this.isAnswered = true
    this.given = answer
  }
}

const blank: HeartbeatRequest = {
  groupId: 'g',
  memberId: '',
  memberEpoch: 0,
  instanceId: null,
  rackId: null,
  rebalanceTimeoutMs: -1,
  subscribedTopicNames: null,
  subscribedTopicRegex: null,
  serverAssignor: null,
  topicPartitions: null,
}

/** The name of the error that it throws; `NONE` where it throws none. */
export function refusalOf(act: () => unknown): string {
  try {
    act()
    return 'NONE'
  } catch (error) {
    if (error instanceof CoordinatorError) return errorOf(error.code).name
    throw error
  }
}
