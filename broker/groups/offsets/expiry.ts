/**
 * Offsets that nobody has used for long are forgotten, and groups of which nothing is left (KIP-211).
 * Owns: nothing that lasts. One turn looks at no more groups than its batch has room for; the rest comes in the next one.
 */
import type { Millis } from '../../platform/clock.ts'
import type { Group, GroupTurn } from '../group.ts'
import type { CommittedOffset, CommittedOffsets } from './committed-offsets.ts'
import { appendOffsetTombstone } from './committing.ts'

/** Records in one batch: small ones, of some 100 bytes. */
export const tombstonesMax = 2000

/** Tombstones for what of the group has expired. Returns how many offsets of it. */
export function expireOffsets(group: Group, offsets: CommittedOffsets, retention: Millis, turn: GroupTurn): number {
  const { groupId, retainedSince } = group
  let left = 0
  let expired = 0
  for (const [topic, partitions] of offsets.of(groupId)) {
    const isInUse = retainedSince === undefined || group.isSubscribedTo(topic)
    for (const [partition, offset] of partitions) {
      const isKept = isInUse || !hasExpired(offset, retainedSince, retention, turn.now) || offsets.isPending(groupId, topic, partition)
      if (isKept || expired === tombstonesMax) left++
      else {
        expired++
        appendOffsetTombstone({ group: groupId, topic, partition }, turn)
      }
    }
  }
  if (left === 0 && group.isEmpty && !offsets.hasOpenTransactions(groupId)) group.appendTombstones(turn)
  return expired
}

/** Old clients said themselves until when. */
function hasExpired(offset: CommittedOffset, retainedSince: (committedAt: Millis) => Millis, retention: Millis, now: Millis): boolean {
  if (offset.expireTimestamp !== -1) return now >= offset.expireTimestamp
  return now - retainedSince(offset.commitTimestamp) >= retention
}
