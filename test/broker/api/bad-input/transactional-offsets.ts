/** Offsets committed in transactions: when they count, and every way in which they may not be committed. */
import { TxnOffsetCommitRequest, TxnOffsetCommitResponse } from '../../../../client/protocol/messages/txn-offset-commit.ts'
import { type Case, nowhere } from './case.ts'
import { TestGroup } from './group.ts'
import { type Claim, settled, TransactionalProducer } from './transactional-producer.ts'
import { nameOf, type Topic, type Verdict } from './world.ts'

interface Commit extends Partial<Claim> {
  readonly version?: number
  readonly id?: string
  readonly groupId?: string
  readonly memberId?: string
  readonly generation?: number
  readonly instance?: string
  readonly partition?: number
  readonly metadata?: string
}

/** A producer with an id, and a group; both as they are new. */
class Stage {
  readonly producer: TransactionalProducer
  readonly group: TestGroup
  readonly topic: Topic

  constructor(producer: TransactionalProducer, group: TestGroup, topic: Topic) {
    this.producer = producer
    this.group = group
    this.topic = topic
  }

  /** The group's offsets are part of the transaction, as older clients say by themselves. */
  add(): Promise<Verdict> {
    return this.producer.addOffsets({}, { groupId: this.group.id })
  }

  commit(says: Commit = {}, topic = this.topic): Promise<Verdict> {
    const { version = 3, id = this.producer.id, groupId = this.group.id, memberId = '', generation = -1, instance = null } = says
    const { partition = 0, metadata = '', producerId, producerEpoch } = { ...this.producer.claim, ...says }
    const partitions = [{ partitionIndex: partition, committedOffset: 5, committedMetadata: metadata }]
    return settled(async () => {
      const answer = await this.group.world.ask(TxnOffsetCommitRequest, TxnOffsetCommitResponse, version, {
        transactionalId: id,
        groupId,
        producerId,
        producerEpoch,
        ...(version >= 3 && { memberId, generationIdOrMemberEpoch: generation, groupInstanceId: instance }),
        topics: [{ name: topic.name, partitions }],
      })
      return (answer?.topics ?? []).flatMap((one) => one.partitions.map(({ errorCode }) => nameOf(errorCode))).join(' ') || 'nothing'
    })
  }

  /** Once no transaction can change it any more. */
  async decided(): Promise<Verdict> {
    for (;;) {
      const fetched = await this.group.fetch(this.topic, { requireStable: true })
      if (!fetched.includes('UNSTABLE_OFFSET_COMMIT')) return fetched
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

const staged =
  (ask: (stage: Stage) => Promise<Verdict | readonly Verdict[]>): Case['ask'] =>
  async (world, topic) =>
    ask(new Stage(await TransactionalProducer.begun(world), await TestGroup.open(world), topic))

async function each(...asks: (() => Promise<Verdict>)[]): Promise<Verdict[]> {
  const verdicts: Verdict[] = []
  for (const ask of asks) verdicts.push(await ask())
  return verdicts
}

export const transactionalOffsetCases: Case[] = [
  {
    name: 'TxnOffsetCommit: offsets count when their transaction is committed',
    ask: staged(async (stage) => {
      const { group, topic, producer } = stage
      return each(
        () => stage.add(),
        () => stage.commit(),
        () => group.fetch(topic),
        () => group.fetch(topic, { requireStable: true }),
        () => group.fetch(topic, { requireStable: true, version: 7 }),
        () => producer.end(true),
        () => stage.decided(),
        () => group.describe(),
      )
    }),
    answer: ['NONE', 'NONE', 'NONE -1', 'NONE UNSTABLE_OFFSET_COMMIT', 'NONE UNSTABLE_OFFSET_COMMIT', 'NONE', 'NONE 5', 'NONE Empty'],
  },
  {
    name: 'TxnOffsetCommit: and not when it is aborted',
    ask: staged(async (stage) =>
      each(
        () => stage.add(),
        () => stage.commit(),
        () => stage.producer.end(false),
        () => stage.decided(),
      ),
    ),
    answer: ['NONE', 'NONE', 'NONE', 'NONE -1'],
  },
  {
    name: 'TxnOffsetCommit: of a group that is not part of the transaction, in the version that makes it so, and the ones before',
    ask: staged(async (stage) =>
      each(
        () => stage.commit({ version: 0 }),
        () => stage.commit({ version: 3 }),
        () => stage.commit({ version: 4 }),
        () => stage.commit({ version: 5 }),
        () => stage.producer.end(true, {}, { version: 5 }),
        () => stage.decided(),
      ),
    ),
    answer: ['INVALID_TXN_STATE', 'INVALID_TXN_STATE', 'TRANSACTION_ABORTABLE', 'NONE', 'NONE', 'NONE 5'],
  },
  {
    name: 'TxnOffsetCommit: in the name of nobody, and of an epoch that never was',
    ask: staged(async (stage) =>
      each(
        () => stage.add(),
        () => stage.commit({ id: 'nobody' }),
        () => stage.commit({ producerId: 987_654 }),
        () => stage.commit({ producerEpoch: 17 }),
        () => stage.commit({ producerEpoch: 17, version: 5 }),
        () => stage.commit(),
      ),
    ),
    answer: [
      'NONE',
      'INVALID_PRODUCER_ID_MAPPING',
      'INVALID_PRODUCER_ID_MAPPING',
      'INVALID_PRODUCER_EPOCH',
      'INVALID_PRODUCER_EPOCH',
      'NONE',
    ],
  },
  {
    name: 'TxnOffsetCommit: in an epoch that is over',
    ask: staged(async (stage) => {
      const first = stage.producer.claim
      return each(
        () => stage.add(),
        () => stage.commit(),
        () => stage.producer.end(true),
        () => stage.decided(),
        () => settled(() => stage.producer.init()),
        () => stage.commit(first),
        () => stage.add(),
        () => stage.commit(),
        () => stage.commit(first),
        () => stage.commit({ ...first, version: 4 }),
      )
    }),
    answer: [
      'NONE',
      'NONE',
      'NONE',
      'NONE 5',
      'NONE',
      'INVALID_PRODUCER_EPOCH',
      'NONE',
      'NONE',
      'INVALID_PRODUCER_EPOCH',
      'INVALID_PRODUCER_EPOCH',
    ],
  },
  {
    name: 'TxnOffsetCommit: of topics and partitions that are not there, of no group, and with too long a text',
    ask: staged(async (stage) =>
      each(
        () => stage.add(),
        () => stage.commit({}, nowhere),
        () => stage.commit({ partition: 4 }),
        () => stage.commit({ groupId: '' }),
        () => stage.commit({ metadata: 'x'.repeat(4097) }),
      ),
    ),
    answer: ['NONE', 'UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_OR_PARTITION', 'INVALID_GROUP_ID', 'OFFSET_METADATA_TOO_LARGE'],
  },
  {
    name: 'TxnOffsetCommit: of another generation, of nobody, of another instance, and of a group that is not there',
    ask: staged(async (stage) => {
      const { memberId, generation } = await stage.group.leader({ version: 5, instance: 'i1' })
      return each(
        () => stage.add(),
        () => stage.commit({ memberId, generation: generation + 1 }),
        () => stage.commit({ memberId: 'nobody', generation }),
        () => stage.commit({ memberId: 'nobody', generation, instance: 'i1' }),
        () => stage.commit({ memberId, generation, instance: 'i2' }),
        () => stage.commit({ memberId, generation, instance: 'i1' }),
        () => stage.commit(),
        () => stage.producer.addOffsets({}, { groupId: 'not-there' }),
        () => stage.commit({ memberId, generation, groupId: 'not-there' }),
      )
    }),
    answer: [
      'NONE',
      'ILLEGAL_GENERATION',
      'UNKNOWN_MEMBER_ID',
      'FENCED_INSTANCE_ID',
      'UNKNOWN_MEMBER_ID',
      'NONE',
      'NONE',
      'NONE',
      'ILLEGAL_GENERATION',
    ],
  },
]
