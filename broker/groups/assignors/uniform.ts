/**
 * The assignor `uniform`, Kafka's default: every member has as many partitions as any other, or one more, as far as subscriptions allow; and of what
 * a member had, it keeps as much as that leaves it.
 */
import type { Assignor, GroupSpec, TopicPartitions } from './assignor.ts'
import { assignHeterogeneous } from './uniform-heterogeneous.ts'
import { assignHomogeneous } from './uniform-homogeneous.ts'

export const uniformAssignor: Assignor = { name: 'uniform', assign }

function assign(spec: GroupSpec): ReadonlyMap<string, TopicPartitions> {
  if (spec.members.length === 0) return new Map()
  return spec.isHomogeneous ? assignHomogeneous(spec) : assignHeterogeneous(spec)
}
