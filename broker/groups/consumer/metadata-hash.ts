/**
 * One number for all that an assignment depends on in the metadata: ids, names, partitions and racks of the subscribed topics. When it differs from
 * the one that the group's record holds, the group begins a new epoch. Its value means something to the coordinator alone, so it need not be Kafka's:
 * a group that Kafka wrote begins one epoch more, once.
 */
import { createHash } from 'node:crypto'
import type { GroupTopic, Topics } from '../topics.ts'

/** By topic as it was: a topic that changes is another object. */
const topicHashes = new WeakMap<GroupTopic, Buffer>()

/** Below 2^53; 0 where none of the topics exists. */
export function metadataHash(names: ReadonlySet<string>, topics: Topics): number {
  const hash = createHash('sha256')
  let count = 0
  for (const name of [...names].sort()) {
    const topic = topics.get(name)
    if (!topic) continue
    hash.update(topicHash(topic))
    count++
  }
  return count === 0 ? 0 : hash.digest().readUIntBE(0, 6)
}

function topicHash(topic: GroupTopic): Buffer {
  const known = topicHashes.get(topic)
  if (known) return known
  const racks = Array.from({ length: topic.partitionCount }, (_, partition) => topic.racksOf(partition))
  const digest = createHash('sha256')
    .update(JSON.stringify([topic.id, topic.name, racks]))
    .digest()
  topicHashes.set(topic, digest)
  return digest
}
