/** ListPartitionReassignments (key 46): partitions whose replicas are being moved (KIP-455). What is not is left out, unknown or not, as in Kafka. */
import {
  ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponse,
} from '../../client/protocol/messages/list-partition-reassignments.ts'
import type { PartitionImage } from '../cluster/image.ts'
import { api } from './handler.ts'

export const listPartitionReassignments = api({
  request: ListPartitionReassignmentsRequest,
  response: ListPartitionReassignmentsResponse,
  versions: [0, 0],
  handle({ topics }, _context, { cluster: { image } }) {
    const asked = topics ?? [...image.topics.values()].map(({ name, partitions }) => ({ name, partitionIndexes: [...partitions.keys()] }))
    const moving = asked.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.flatMap((index) => reassignment(image.partition(name, index))),
    }))
    return { errorMessage: null, topics: moving.filter(({ partitions }) => partitions.length > 0) }
  },
})

function reassignment(partition: PartitionImage | undefined) {
  if (!partition || partition.addingReplicas.length + partition.removingReplicas.length === 0) return []
  const { index: partitionIndex, replicas, addingReplicas, removingReplicas } = partition
  return [{ partitionIndex, replicas: [...replicas], addingReplicas: [...addingReplicas], removingReplicas: [...removingReplicas] }]
}
