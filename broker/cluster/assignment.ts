/** What a caller may ask for when it names the replicas of a partition itself, and which brokers can take any. Pure. */
import { ErrorCode } from '../../client/protocol/errors.ts'
import type { BrokerImage, ClusterImage } from './image.ts'
import { type Fault, fault, repeated } from './plan.ts'

const manual = 'The manual partition assignment includes'

export function activeBrokers(image: ClusterImage): BrokerImage[] {
  return [...image.brokers.values()].filter(({ fenced, inControlledShutdown }) => !fenced && !inControlledShutdown)
}

/** What is wrong with these replicas of one partition. */
export function assignmentFault(replicas: readonly number[], image: ClusterImage): Fault | undefined {
  if (replicas.length === 0) return refused(`${manual} an empty replica list.`)
  const unknown = replicas.find((id) => !image.brokers.has(id))
  if (unknown !== undefined) return refused(`${manual} broker ${unknown}, but no such broker is registered.`)
  const [twice] = repeated(replicas)
  if (twice !== undefined) return refused(`${manual} the broker ${twice} more than once.`)
  if (replicas.some((id) => image.brokers.get(id)?.fenced === false)) return undefined
  return refused('All brokers specified in the manual partition assignment are fenced or in controlled shutdown.')
}

/** All partitions of a topic have as many replicas as the first. */
export function inconsistentFault(replicas: readonly number[], copies: number): Fault | undefined {
  if (replicas.length === copies) return undefined
  const partition = `a partition with ${replicas.length} replica(s)`
  return refused(`${manual} ${partition}, but this is not consistent with previous partitions, which have ${copies} replica(s).`)
}

function refused(message: string): Fault {
  return fault(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message)
}
