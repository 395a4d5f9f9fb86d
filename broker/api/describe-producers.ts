/** DescribeProducers (key 61): the producers that a partition's leader knows, and the transactions they have open there (KIP-664). */
import { ErrorCode, errorOf } from '../../client/protocol/errors.ts'
import { DescribeProducersRequest, DescribeProducersResponse } from '../../client/protocol/messages/describe-producers.ts'
import { api } from './handler.ts'
import type { Services } from './services.ts'

export const describeProducers = api({
  request: DescribeProducersRequest,
  response: DescribeProducersResponse,
  versions: [0, 0],
  handle({ topics }, _context, services) {
    return {
      topics: topics.map(({ name, partitionIndexes }) => ({
        name,
        partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex, ...describe(name, partitionIndex, services) })),
      })),
    }
  },
})

function describe(topic: string, index: number, { replicas, cluster }: Services) {
  if (!cluster.isValidTopicName(topic)) return failed(ErrorCode.INVALID_TOPIC_EXCEPTION)
  const partition = replicas.get(topic, index)
  const errorCode = partition ? replicas.checkLeader(partition, -1) : replicas.errorFor(topic, index)
  if (!partition || errorCode !== ErrorCode.NONE) return failed(errorCode)
  const activeProducers = partition.log.producers.describe().map(({ currentTransactionStartOffset, ...producer }) => ({
    ...producer,
    currentTxnStartOffset: currentTransactionStartOffset,
  }))
  return { errorCode, errorMessage: null, activeProducers }
}

function failed(errorCode: number) {
  return { errorCode, errorMessage: errorOf(errorCode).about, activeProducers: [] }
}
