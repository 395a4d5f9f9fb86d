/**
 * The coordinator of groups over a log in memory, and a transcript of what its members do and are told.
 * Owns: its directory and its time. A test says in lines what is asked and reads in lines what is answered, in the order in which answers leave:
 *
 *     join a version=9      member a asks to join (with the id it was told, if any)
 *     sync a a=x b=y        a syncs; as leader it gives a and b their shares
 *     heartbeat a · leave a b · pass 3000 · restart · commit a orders/0=5 · fetch orders/0 · describe · list · delete
 */
import { GroupCoordinator } from '../../broker/groups/group-coordinator.ts'
import type { Client } from '../../broker/groups/group.ts'
import { type Overrides, Settings } from '../../broker/config/settings.ts'
import { CoordinatorError } from '../../broker/coordinator/coordinator-error.ts'
import { Replicas } from '../../broker/replication/replicas.ts'
import { errorOf } from '../../client/protocol/errors.ts'
import { zeroUuid } from '../../client/protocol/uuid.ts'
import { LogFixture, topicId } from './log-fixture.ts'

const offsetsTopic = '__consumer_offsets'
const groupId = 'g'

export interface Asked {
  readonly who: string
  readonly words: readonly string[]
  readonly options: ReadonlyMap<string, string>
}

type Command = (world: GroupWorld, asked: Asked) => Promise<string | undefined>

export class GroupWorld {
  settings: Settings
  /** What members were told, and what happened, since it was last taken. */
  readonly lines: string[] = []
  readonly memberIds = new Map<string, string>()
  readonly generations = new Map<string, number>()
  fixture: LogFixture
  replicas: Replicas
  groups: GroupCoordinator

  constructor(settings: Overrides = {}) {
    this.settings = Settings.defaults.with({ 'offsets.topic.num.partitions': 1, ...settings })
    this.fixture = new LogFixture({ config: { compact: true } })
    ;({ replicas: this.replicas, groups: this.groups } = this.#open())
  }

  #open() {
    const { directory, clock, config } = this.fixture
    const logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => logger }
    let byte = 0
    const replicas = new Replicas({
      brokerId: 1,
      directory,
      clock,
      logger,
      configOf: () => config,
      onServed: () => groups.shards.follow(),
    })
    const groups: GroupCoordinator = new GroupCoordinator({
      topic: '__consumer_offsets',
      replicas,
      clock,
      random: { bytes: (count) => Buffer.alloc(count, ++byte), fraction: () => 0.5 },
      logger,
      topics: { version: 0, names: () => [], get: () => undefined, nameOf: () => undefined },
      settings: () => this.settings,
      configsOf: () => new Map(),
    })
    const partition = { index: 0, leader: 1, leaderEpoch: 0, replicas: [1], isr: [1] }
    replicas.topicIs({ name: offsetsTopic, id: topicId, isInternal: true, partitions: [partition] })
    return { replicas, groups }
  }

  /** The broker goes, and comes back with what is on the disk, and with other settings perhaps. */
  async restart(settings: Overrides = {}): Promise<void> {
    const { disk, clock } = this.fixture
    this.settings = this.settings.with(settings)
    this.groups.shards.close()
    await this.settled()
    await this.fixture.directory.close()
    this.fixture = new LogFixture({ disk, clock, config: { compact: true } })
    ;({ replicas: this.replicas, groups: this.groups } = this.#open())
    await this.settled()
  }

  /** All that could happen without time going by has happened. */
  async settled(): Promise<void> {
    await this.fixture.clock.pass(0)
    for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve))
  }

  /** Runs the lines of a transcript that ask, and returns the transcript as it really is. */
  async play(transcript: string): Promise<string> {
    const played: string[] = []
    for (const line of transcript.split('\n')) {
      if (!line.startsWith('> ')) continue
      played.push(line)
      await this.ask(line.slice(2))
      await this.settled()
      played.push(...this.lines.splice(0).map((told) => `  ${this.#named(told)}`))
    }
    return `${played.join('\n')}\n`
  }

  async ask(line: string): Promise<void> {
    const [name = '', ...words] = line.trim().split(/\s+/)
    const command = commands[name]
    if (!command) throw new Error(`no such command: ${line}`)
    const [who = ''] = words
    const options = new Map(words.slice(1).map((word) => word.split('=') as [string, string]))
    const told = (async () => command(this, { who, words, options }))().catch((error: unknown) => {
      if (error instanceof CoordinatorError) return errorOf(error.code).name
      throw error
    })
    void told.then((text) => text !== undefined && this.lines.push(waits.has(name) ? `${who}: ${text}` : text))
    if (!waits.has(name)) await told
  }

  memberId(who: string): string {
    return this.memberIds.get(who) ?? (who === 'nobody' ? 'nobody' : '')
  }

  /** Members by the names that they have in the transcript. */
  #named(text: string): string {
    let named = text
    for (const [name, id] of this.memberIds) named = named.replaceAll(id, name)
    return named
  }

  generationOf({ who, options }: Asked): number {
    return Number(options.get('generation') ?? this.generations.get(who) ?? -1)
  }
}

/** Their answers may come with a later line. */
const waits = new Set(['join', 'sync'])

const clientOf = ({ who, options }: Asked): Client => ({
  clientId: who,
  host: '/127.0.0.1',
  apiVersion: Number(options.get('version') ?? 3),
})

const code = (errorCode: number | undefined) => errorOf(errorCode ?? 0).name

const commands: Record<string, Command> = {
  async join(world, asked) {
    const { who, options } = asked
    const request = {
      groupId,
      sessionTimeoutMs: Number(options.get('session') ?? 10_000),
      rebalanceTimeoutMs: Number(options.get('rebalance') ?? 60_000),
      memberId: world.memberId(who),
      groupInstanceId: options.get('instance') ?? null,
      protocolType: options.get('type') ?? 'consumer',
      protocols: (options.get('protocols') ?? 'range').split(',').map((text) => {
        const [name = '', metadata = who] = text.split(':')
        return { name, metadata: Buffer.from(metadata) }
      }),
      reason: null,
    }
    const answer = await world.groups.join(request, clientOf(asked))
    if (answer.memberId) world.memberIds.set(who, answer.memberId)
    if (answer.errorCode) return code(answer.errorCode)
    world.generations.set(who, answer.generationId ?? -1)
    const members = (answer.members ?? []).map(({ memberId = '', metadata }) => `${memberId}(${Buffer.from(metadata ?? []).toString()})`)
    const skip = answer.skipAssignment ? ', the assignment stands' : ''
    const all = members.length > 0 ? ` of ${members.join(' ')}` : ''
    return `generation ${answer.generationId}, ${answer.protocolName}, led by ${answer.leader}${all}${skip}`
  },
  async sync(world, asked) {
    const { who, options } = asked
    const assignments = [...options]
      .filter(([name]) => world.memberIds.has(name))
      .map(([name, share]) => ({ memberId: world.memberId(name), assignment: Buffer.from(share) }))
    const huge = Number(options.get('huge') ?? 0)
    if (huge > 0) assignments.push({ memberId: world.memberId(who), assignment: Buffer.alloc(huge) })
    const answer = await world.groups.sync({
      groupId,
      generationId: world.generationOf(asked),
      memberId: world.memberId(who),
      groupInstanceId: options.get('instance') ?? null,
      protocolType: options.get('type') ?? null,
      protocolName: options.get('protocol') ?? null,
      assignments,
    })
    return answer.errorCode ? code(answer.errorCode) : `has ${Buffer.from(answer.assignment ?? []).toString() || 'nothing'}`
  },
  async heartbeat(world, asked) {
    const { who, options } = asked
    const groupInstanceId = options.get('instance') ?? null
    const request = {
      groupId,
      generationId: world.generationOf(asked),
      memberId: world.memberId(who),
      groupInstanceId,
    }
    return code(await world.groups.heartbeat(request))
  },
  async leave(world, { words }) {
    const leaving = words.map((word) => {
      const [who = '', groupInstanceId = null] = word.split('=')
      return { memberId: world.memberId(who), groupInstanceId, reason: null }
    })
    const { members = [] } = await world.groups.leave(groupId, leaving)
    return members.map(({ errorCode }) => code(errorCode)).join(' ')
  },
  async pass(world, { who }) {
    for (let left = Number(who); left > 0; left -= 500) {
      await world.fixture.clock.pass(Math.min(left, 500))
      await world.settled()
    }
    return undefined
  },
  async restart(world, { words }) {
    await world.restart(Object.fromEntries(words.map((word) => word.split('='))))
    return undefined
  },
  async commit(world, asked) {
    const { who, options } = asked
    const { topics = [] } = await world.groups.commit(
      {
        groupId,
        memberId: world.memberId(who),
        generationIdOrMemberEpoch: world.generationOf(asked),
        groupInstanceId: options.get('instance') ?? null,
        retentionTimeMs: Number(options.get('retention') ?? -1),
        topics: offsetsIn(options, options.get('metadata') ?? ''),
      },
      clientOf(asked),
    )
    return topics.flatMap(({ partitions = [] }) => partitions.map(({ errorCode }) => code(errorCode))).join(' ')
  },
  async transact(world, asked) {
    const { options } = asked
    const { topics = [] } = await world.groups.commitInTransaction(
      {
        transactionalId: 't',
        groupId,
        producerId: Number(asked.who),
        producerEpoch: Number(options.get('epoch') ?? 0),
        memberId: world.memberId(options.get('member') ?? ''),
        generationIdOrMemberEpoch: Number(options.get('generation') ?? -1),
        groupInstanceId: null,
        topics: offsetsIn(options, ''),
      },
      clientOf(asked),
    )
    return topics.flatMap(({ partitions = [] }) => partitions.map(({ errorCode }) => code(errorCode))).join(' ')
  },
  async end(world, { who, words, options }) {
    const producer = { producerId: Number(who), producerEpoch: Number(options.get('epoch') ?? 0) }
    const end = { ...producer, committed: words[1] === 'commit', coordinatorEpoch: 0, transactionVersion: 1 }
    return code(await world.groups.shards.at(0)?.endTransaction(end))
  },
  async fetch(world, { words }) {
    const requireStable = words.includes('stable')
    const places = words.filter((word) => word.includes('/')).map((word) => word.split('/') as [string, string])
    const topics = places.map(([name, partition]) => ({ name, topicId: zeroUuid, partitionIndexes: [Number(partition)] }))
    const asked = { groupId, memberId: null, memberEpoch: -1, topics: places.length > 0 ? topics : null }
    const fetched = await world.groups.fetchOffsets(asked, requireStable)
    const told = (fetched.topics ?? []).flatMap(({ name, partitions = [] }) =>
      partitions.map(
        ({ partitionIndex, committedOffset, errorCode }) => `${name}/${partitionIndex}=${errorCode ? code(errorCode) : committedOffset}`,
      ),
    )
    return told.length > 0 ? told.join(' ') : 'nothing'
  },
  async forget(world, { words }) {
    const topics = words.map((word) => {
      const [name = '', partition] = word.split('/')
      return { name, partitions: [{ partitionIndex: Number(partition) }] }
    })
    const { topics: answered = [] } = await world.groups.deleteOffsets({ groupId, topics })
    return answered.flatMap(({ partitions = [] }) => partitions.map(({ errorCode }) => code(errorCode))).join(' ')
  },
  async describe(world) {
    const { groupState, protocolType, protocolData, members = [] } = await world.groups.describe(groupId)
    const shares = members.map(({ memberId = '', memberAssignment }) => {
      const share = Buffer.from(memberAssignment ?? []).toString()
      return share === '' ? memberId : `${memberId}=${share}`
    })
    return [groupState, protocolType, protocolData, ...shares].filter((text) => text !== '').join(' ')
  },
  async list(world) {
    const listed = await world.groups.list()
    return listed.length === 0 ? 'none' : listed.map((group) => `${group.groupId} ${group.type} ${group.stateName}`).join(', ')
  },
  async delete(world) {
    await world.groups.delete(groupId)
    return 'NONE'
  },
}

function offsetsIn(options: ReadonlyMap<string, string>, committedMetadata: string) {
  return [...options]
    .filter(([place]) => place.includes('/'))
    .map(([place, offset]) => {
      const [name = '', partition] = place.split('/')
      const committed = { partitionIndex: Number(partition), committedOffset: Number(offset), committedLeaderEpoch: -1 }
      if (name === 'huge') return manyOffsets(Number(partition), Number(offset))
      return { name, topicId: zeroUuid, partitions: [{ ...committed, commitTimestamp: -1, committedMetadata }] }
    })
}

/** Of one partition, over and over, with long texts. */
function manyOffsets(count: number, textLength: number) {
  const committed = { partitionIndex: 0, committedOffset: 1, committedLeaderEpoch: -1, commitTimestamp: -1 }
  const partitions = Array.from({ length: count }, () => ({ ...committed, committedMetadata: 'x'.repeat(textLength) }))
  return { name: 'huge', topicId: zeroUuid, partitions }
}
