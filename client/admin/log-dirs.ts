/** Where brokers keep partitions (KIP-113): directories, how full they are, and replicas that move between them. */
import { AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse } from '../protocol/messages/alter-replica-log-dirs.ts'
import { DescribeLogDirsRequest, DescribeLogDirsResponse } from '../protocol/messages/describe-log-dirs.ts'
import type { CallOptions } from '../network/patience.ts'
import { check, type Outcome, outcome } from './outcome.ts'
import { byTopic, indexOf } from '../consumer/by-topic.ts'
import type { Reach, TopicPartition } from './reach.ts'

export interface LogReplica extends TopicPartition {
  readonly bytes: number
  /** How far behind what it will replace, or the high watermark. */
  readonly offsetLag: number
  /** It is being moved here, and will replace the one that serves. */
  readonly isFuture: boolean
}

export interface LogDir {
  readonly broker: number
  readonly path: string
}

export interface LogDirContent {
  /** -1 where the broker does not tell. */
  readonly totalBytes: number
  readonly usableBytes: number
  readonly replicas: readonly LogReplica[]
}

export interface ReplicaMove extends TopicPartition {
  readonly broker: number
  readonly path: string
}

export class LogDirAdmin {
  readonly #reach: Reach

  constructor(reach: Reach) {
    this.#reach = reach
  }

  /** Of all brokers if none is named; with all partitions if none is. */
  async describe({
    brokers,
    partitions,
    ...call
  }: CallOptions & { readonly brokers?: readonly number[]; readonly partitions?: readonly TopicPartition[] } = {}): Promise<
    Outcome<LogDir, LogDirContent>[]
  > {
    const topics = partitions ? byTopic(partitions, indexOf).map(([topic, named]) => ({ topic, partitions: named })) : null
    const at = async (broker: number): Promise<Outcome<LogDir, LogDirContent>[]> =>
      this.#reach.broker(broker, call, async (ask) => {
        const answer = await ask(DescribeLogDirsRequest, DescribeLogDirsResponse, { topics })
        check(answer, `cannot describe the directories of broker ${broker}`)
        return answer.results.map(({ errorCode, logDir, topics: held, totalBytes, usableBytes }) => {
          const replicas = held.flatMap(({ name, partitions: kept }) =>
            kept.map(({ partitionIndex, partitionSize, offsetLag, isFutureKey }) => ({
              topic: name,
              partition: partitionIndex,
              bytes: partitionSize,
              offsetLag,
              isFuture: isFutureKey,
            })),
          )
          return outcome({ broker, path: logDir }, { errorCode }, `directory ${logDir} of broker ${broker}`, {
            totalBytes,
            usableBytes,
            replicas,
          })
        })
      })
    const asked = brokers ?? (await this.#reach.everyBroker(call, async (_, broker) => broker))
    return (await Promise.all(asked.map(at))).flat()
  }

  /** Begins to move replicas to another directory of their broker. */
  async move(moves: readonly ReplicaMove[], call: CallOptions = {}): Promise<Outcome<ReplicaMove>[]> {
    const brokers = [...new Set(moves.map(({ broker }) => broker))]
    const moved = brokers.map((broker) =>
      this.#moveAt(
        broker,
        moves.filter((move) => move.broker === broker),
        call,
      ),
    )
    return (await Promise.all(moved)).flat()
  }

  #moveAt(broker: number, moves: readonly ReplicaMove[], call: CallOptions): Promise<Outcome<ReplicaMove>[]> {
    return this.#reach.broker(broker, call, async (ask) => {
      const dirs = [...new Set(moves.map(({ path }) => path))].map((path) => ({
        path,
        topics: byTopic(
          moves.filter((move) => move.path === path),
          indexOf,
        ).map(([name, partitions]) => ({ name, partitions })),
      }))
      const { results } = await ask(AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse, { dirs })
      return results.flatMap(({ topicName, partitions }) =>
        partitions.flatMap(({ partitionIndex, errorCode }) =>
          moves
            .filter(({ topic, partition }) => topic === topicName && partition === partitionIndex)
            .map((move) => outcome(move, { errorCode }, `cannot move ${topicName}-${partitionIndex} to ${move.path}`, {})),
        ),
      )
    })
  }
}
