/** Asks leaders for offsets: of the beginning, the end, or a time; and where an epoch of theirs ended. Owns: nothing that lasts. Never: tries again. */
import type { ClusterView } from '../cluster/cluster-view.ts'
import type { BrokerConnection } from '../network/broker-connection.ts'
import { answeredError, ClientError } from '../network/client-error.ts'
import { ErrorCode } from '../protocol/errors.ts'
import { ListOffsetsRequest, ListOffsetsResponse } from '../protocol/messages/list-offsets.ts'
import { OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse } from '../protocol/messages/offset-for-leader-epoch.ts'
import { byTopic } from './by-topic.ts'
import type { Position, TopicPartition } from './consumed.ts'

export interface FoundOffset {
  readonly offset: number
  /** Of the record there; -1 where nobody said. */
  readonly leaderEpoch: number
}

export interface OffsetQuestion extends TopicPartition {
  /** A position that is not an offset. */
  readonly at: Exclude<Position, { readonly offset: number }>
}

const latest = -1
const earliest = -2
const consumerReplica = -1

export class OffsetLookup {
  readonly #cluster: ClusterView
  readonly #isolationLevel: number

  /** @param readCommitted the end is the first record of the oldest open transaction. */
  constructor(cluster: ClusterView, readCommitted: boolean) {
    this.#cluster = cluster
    this.#isolationLevel = readCommitted ? 1 : 0
  }

  /** The offset of a position; the end of the partition where no record is that late. */
  async offsetOf(topic: string, partition: number, position: Position): Promise<number> {
    if (typeof position === 'object' && 'offset' in position) return position.offset
    const [found] = await this.find([{ topic, partition, at: position }])
    if (!found || found instanceof ClientError) throw found ?? new ClientError('UNKNOWN_SERVER_ERROR', 'no offset was asked for')
    return found.offset
  }

  /** In the order of the questions: one request to each leader, two where a time is past the last record. Each has its own outcome. */
  async find(questions: readonly OffsetQuestion[]): Promise<(FoundOffset | ClientError)[]> {
    const found = await this.#ask(questions, ({ at }) => (typeof at === 'object' ? at.time : at === 'end' ? latest : earliest))
    const late = questions.filter((_, index) => isNone(found[index]))
    if (late.length === 0) return found
    const ends = await this.#ask(late, () => latest)
    return found.map((one) => (isNone(one) ? (ends.shift() as FoundOffset | ClientError) : one))
  }

  #ask(questions: readonly OffsetQuestion[], timestamp: (question: OffsetQuestion) => number): Promise<(FoundOffset | ClientError)[]> {
    return this.#atLeaders(questions, async (connection, asked) => {
      const topics = byTopic(asked, (question) => ({
        partitionIndex: question.partition,
        timestamp: timestamp(question),
        currentLeaderEpoch: this.#cluster.known(question.topic)?.leaderEpochs[question.partition] ?? -1,
      })).map(([name, partitions]) => ({ name, partitions }))
      const body = { replicaId: consumerReplica, isolationLevel: this.#isolationLevel, topics }
      const answer = await connection.send(ListOffsetsRequest, ListOffsetsResponse, body)
      return answer.topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, errorCode, offset, leaderEpoch }) => ({
          topic: name,
          partition: partitionIndex,
          errorCode,
          outcome: { offset, leaderEpoch },
        })),
      )
    })
  }

  /** Where the log of this leader ends its part that is of `leaderEpoch` or older. `offset` -1: it knows nothing of it. */
  ends(questions: readonly (TopicPartition & { readonly leaderEpoch: number })[]): Promise<(FoundOffset | ClientError)[]> {
    return this.#atLeaders(questions, async (connection, asked) => {
      const topics = byTopic(asked, ({ topic, partition, leaderEpoch }) => ({
        partition,
        leaderEpoch,
        currentLeaderEpoch: this.#cluster.known(topic)?.leaderEpochs[partition] ?? -1,
      })).map(([topic, partitions]) => ({ topic, partitions }))
      const body = { replicaId: consumerReplica, topics }
      const answer = await connection.send(OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, body)
      return answer.topics.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, errorCode, endOffset, leaderEpoch }) => ({
          topic,
          partition,
          errorCode,
          outcome: { offset: endOffset, leaderEpoch },
        })),
      )
    })
  }

  async #atLeaders<Q extends TopicPartition>(
    questions: readonly Q[],
    ask: (connection: BrokerConnection, asked: readonly Q[]) => Promise<Answered[]>,
  ): Promise<(FoundOffset | ClientError)[]> {
    const outcomes = new Map<string, FoundOffset | ClientError>()
    const byLeader = new Map<BrokerConnection, Q[]>()
    const fail = (asked: readonly Q[], error: unknown) => {
      if (!(error instanceof ClientError)) throw error
      for (const question of asked) outcomes.set(nameOf(question), error)
    }
    for (const question of questions) {
      try {
        const leader = await this.#cluster.leader(question.topic, question.partition)
        const asked = byLeader.get(leader)
        if (asked) asked.push(question)
        else byLeader.set(leader, [question])
      } catch (error) {
        fail([question], error)
      }
    }
    await Promise.all(
      [...byLeader].map(async ([leader, asked]) => {
        try {
          for (const answer of await ask(leader, asked)) outcomes.set(nameOf(answer), outcomeOf(answer, leader.broker))
        } catch (error) {
          fail(asked, error)
        }
      }),
    )
    return questions.map((question) => outcomes.get(nameOf(question)) ?? unanswered(question))
  }
}

interface Answered extends TopicPartition {
  readonly errorCode: number
  readonly outcome: FoundOffset
}

function outcomeOf({ topic, partition, errorCode, outcome }: Answered, broker: string): FoundOffset | ClientError {
  if (errorCode === ErrorCode.NONE) return outcome
  return answeredError(errorCode, `cannot find offsets of ${topic}-${partition}`, { topic, partition, broker })
}

function unanswered({ topic, partition }: TopicPartition): ClientError {
  return answeredError(ErrorCode.UNKNOWN_SERVER_ERROR, `the broker said nothing about ${topic}-${partition}`, { topic, partition })
}

function isNone(found: FoundOffset | ClientError | undefined): boolean {
  return found !== undefined && !(found instanceof ClientError) && found.offset < 0
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}
