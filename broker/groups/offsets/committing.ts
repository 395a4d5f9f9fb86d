/**
 * Commits of offsets, inside of transactions and outside of them, and their deletion: who may, and which records say so.
 * Owns: nothing. Never: changes an offset (committed-offsets.ts does, as the records are applied).
 */
import { ErrorCode } from '../../../client/protocol/errors.ts'
import type { OffsetCommitRequest, OffsetCommitResponse } from '../../../client/protocol/messages/offset-commit.ts'
import type { OffsetDeleteRequest, OffsetDeleteResponse } from '../../../client/protocol/messages/offset-delete.ts'
import type { TxnOffsetCommitRequest, TxnOffsetCommitResponse } from '../../../client/protocol/messages/txn-offset-commit.ts'
import type { Input } from '../../../client/protocol/schema.ts'
import { CoordinatorError } from '../../coordinator/coordinator-error.ts'
import type { Group, GroupTurn, PartitionCheck } from '../group.ts'
import type { GroupSettings } from '../group-settings.ts'
import { stepBytesMax } from '../records.ts'
import type { CommittedOffsets, OffsetPlace } from './committed-offsets.ts'

export type CommitAnswer = Input<typeof OffsetCommitResponse>
export type TransactionalCommitAnswer = Input<typeof TxnOffsetCommitResponse>
export type OffsetDeleteAnswer = Input<typeof OffsetDeleteResponse>

type CommitTopic = OffsetCommitRequest['topics'][number] | TxnOffsetCommitRequest['topics'][number]

interface Commit {
  readonly groupId: string
  readonly topics: readonly CommitTopic[]
  readonly check: PartitionCheck | undefined
  /** -1: as long as the broker's settings say. */
  readonly retentionTimeMs: number
}

export class Committing {
  readonly #settings: GroupSettings
  readonly #offsets: CommittedOffsets
  readonly #onCommitted: (offsets: number) => void

  constructor({
    settings,
    offsets,
    onCommitted,
  }: { settings: GroupSettings; offsets: CommittedOffsets; onCommitted(offsets: number): void }) {
    this.#settings = settings
    this.#offsets = offsets
    this.#onCommitted = onCommitted
  }

  /** A record for each partition that may be committed; the error code of each one asked for. Throws CoordinatorError. */
  commit({ groupId, topics, check, retentionTimeMs }: Commit, turn: GroupTurn) {
    if (bytesOf(groupId, topics) > stepBytesMax) throw new CoordinatorError(ErrorCode.UNKNOWN_SERVER_ERROR)
    let count = 0
    const answered = topics.map((topic) => ({
      name: topic.name,
      topicId: topic.topicId,
      partitions: topic.partitions.map((committed) => {
        const { partitionIndex } = committed
        const errorCode = this.#fault(topic.topicId, committed, check)
        if (errorCode !== ErrorCode.NONE) return { partitionIndex, errorCode }
        count++
        const commitTimestamp = 'commitTimestamp' in committed && committed.commitTimestamp !== -1 ? committed.commitTimestamp : turn.now
        turn.append({
          kind: 'OffsetCommit',
          key: { group: groupId, topic: topic.name, partition: partitionIndex },
          value: {
            offset: committed.committedOffset,
            leaderEpoch: committed.committedLeaderEpoch,
            metadata: committed.committedMetadata ?? '',
            commitTimestamp,
            expireTimestamp: retentionTimeMs === -1 ? -1 : turn.now + retentionTimeMs,
            topicId: topic.topicId,
          },
        })
        return { partitionIndex, errorCode }
      }),
    }))
    if (count > 0) turn.whenCommitted(() => this.#onCommitted(count))
    return { topics: answered }
  }

  #fault(
    topicId: string,
    { partitionIndex, committedMetadata }: CommitTopic['partitions'][number],
    check: PartitionCheck | undefined,
  ): number {
    if ((committedMetadata?.length ?? 0) > this.#settings.offsetMetadataMax) return ErrorCode.OFFSET_METADATA_TOO_LARGE
    try {
      check?.(topicId, partitionIndex)
      return ErrorCode.NONE
    } catch (error) {
      if (error instanceof CoordinatorError) return error.code
      throw error
    }
  }

  /** Not of topics that members are subscribed to: they would begin anew. */
  delete(group: Group, { topics }: OffsetDeleteRequest, turn: GroupTurn): OffsetDeleteAnswer {
    const { groupId } = group
    return {
      topics: topics.map(({ name, partitions }) => {
        const errorCode = group.isSubscribedTo(name) ? ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC : ErrorCode.NONE
        for (const { partitionIndex } of errorCode === ErrorCode.NONE ? partitions : []) {
          const isHere = this.#offsets.get(groupId, name, partitionIndex) ?? this.#offsets.isPending(groupId, name, partitionIndex)
          if (isHere) appendOffsetTombstone({ group: groupId, topic: name, partition: partitionIndex }, turn)
        }
        return { name, partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })) }
      }),
    }
  }
}

/** Of the records, at most: each names its group and topic. */
function bytesOf(groupId: string, topics: readonly CommitTopic[]): number {
  let characters = 0
  for (const { name, partitions } of topics) {
    for (const { committedMetadata } of partitions)
      characters += groupId.length + name.length + (committedMetadata?.length ?? 0) + restBytes
  }
  return characters * bytesPerCharacterMax
}

/** What a record has besides texts. */
const restBytes = 32
const bytesPerCharacterMax = 3

export function appendOffsetTombstone(key: OffsetPlace, turn: GroupTurn): void {
  turn.append({ kind: 'OffsetCommit', key, value: null })
}
