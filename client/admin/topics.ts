/** Acts on topics: create, list, describe, alter, delete. Plain results; the first error an answer holds is thrown. */
import { ClientError } from '../network/client-error.ts'
import type { CallOptions } from '../network/patience.ts'
import { ErrorCode } from '../protocol/errors.ts'
import { MetadataRequest, MetadataResponse } from '../protocol/messages/metadata.ts'
import type { Admin } from './admin.ts'
import { check, orThrow } from './outcome.ts'
import type { Reach } from './reach.ts'
import type { NewTopic } from './topic-items.ts'

export interface TopicSummary {
  readonly name: string
  readonly isInternal: boolean
  readonly partitions: number
  readonly replicas: number
}

export interface TopicDescription {
  readonly name: string
  readonly id: string
  readonly isInternal: boolean
  readonly partitions: readonly { readonly index: number; readonly leader: number; readonly replicas: number[]; readonly isr: number[] }[]
  /** Those that differ from the broker's defaults. */
  readonly configs: Readonly<Record<string, string>>
}

export class TopicAdmin {
  readonly #reach: Reach
  readonly #admin: Admin

  constructor(reach: Reach, admin: Admin) {
    this.#reach = reach
    this.#admin = admin
  }

  /** Each by itself: where one is refused, the others are made all the same. */
  async create(topics: readonly NewTopic[], options: CallOptions & { validateOnly?: boolean } = {}): Promise<void> {
    orThrow(await this.#admin.topics.create(topics, options))
  }

  /** All topics, by name. */
  async list(call: CallOptions = {}): Promise<TopicSummary[]> {
    const topics = await this.#metadata(undefined, call)
    return topics.map(({ name, isInternal, partitions }) => ({
      name: name ?? '',
      isInternal,
      partitions: partitions.length,
      replicas: partitions[0]?.replicaNodes.length ?? 0,
    }))
  }

  /** In the order named; all topics by name if none is. */
  async describe(names?: readonly string[], call: CallOptions = {}): Promise<TopicDescription[]> {
    const topics = await this.#metadata(names, call)
    const configs = await this.#configs(
      topics.map(({ name }) => name ?? ''),
      call,
    )
    return topics.map(({ name, topicId, isInternal, partitions }) => ({
      name: name ?? '',
      id: topicId,
      isInternal,
      partitions: partitions
        .map(({ partitionIndex, leaderId, replicaNodes, isrNodes }) => ({
          index: partitionIndex,
          leader: leaderId,
          replicas: replicaNodes,
          isr: isrNodes,
        }))
        .sort((a, b) => a.index - b.index),
      configs: configs.get(name ?? '') ?? {},
    }))
  }

  /** Sets the settings given; those given as null go back to the broker's default. */
  async alterConfigs(name: string, changes: Readonly<Record<string, string | null>>, call: CallOptions = {}): Promise<void> {
    orThrow(await this.#admin.configs.alter([{ type: 'topic', name, configs: changes }], call))
  }

  /** Raises the number of partitions to `count`. */
  async addPartitions(name: string, count: number, call: CallOptions = {}): Promise<void> {
    orThrow(await this.#admin.topics.addPartitions([{ name, count }], call))
  }

  /** Each by itself: where one is refused, the others are gone all the same. */
  async delete(names: readonly string[], call: CallOptions = {}): Promise<void> {
    if (names.length === 0) throw new ClientError('INVALID_REQUEST', 'no topic to delete was named')
    orThrow(await this.#admin.topics.delete(names, call))
  }

  #metadata(names: readonly string[] | undefined, call: CallOptions): Promise<MetadataResponse['topics']> {
    return this.#reach.anywhere(call, async (ask) => {
      const body = { topics: names?.map((name) => ({ name })) ?? null, allowAutoTopicCreation: false }
      const { topics, errorCode } = await ask(MetadataRequest, MetadataResponse, body)
      check({ errorCode }, 'cannot list topics')
      if (!names) return topics.sort((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1))
      const byName = new Map(topics.map((topic) => [topic.name, topic]))
      return [...new Set(names)].map((name) => {
        const topic = byName.get(name)
        // Whoever asks whether it is there wants to know now.
        check({ errorCode: topic?.errorCode ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, topic: name, retriable: false }, `topic '${name}'`)
        return topic as NonNullable<typeof topic>
      })
    })
  }

  /** The settings of topics that are their own. */
  async #configs(names: readonly string[], call: CallOptions): Promise<Map<string, Record<string, string>>> {
    if (names.length === 0) return new Map()
    const described = await this.#admin.configs.describe(
      names.map((name) => ({ type: 'topic', name })),
      call,
    )
    return new Map(
      orThrow(described).map(({ name, configs }) => {
        const own = configs.filter(({ source }) => source === 'topic')
        return [name, Object.fromEntries(own.map((config) => [config.name, config.value ?? '']))]
      }),
    )
  }
}
