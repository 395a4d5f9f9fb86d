/** Partitions as requests name them: topic by topic. */
import type { TopicPartition } from './consumed.ts'

/** What is said of each partition, under its topic, as requests have it. */
export function byTopic<P extends TopicPartition, T>(partitions: Iterable<P>, tell: (partition: P) => T): [topic: string, told: T[]][] {
  const topics = new Map<string, T[]>()
  for (const partition of partitions) {
    const told = topics.get(partition.topic)
    if (told) told.push(tell(partition))
    else topics.set(partition.topic, [tell(partition)])
  }
  return [...topics]
}

export const indexOf = ({ partition }: TopicPartition): number => partition
