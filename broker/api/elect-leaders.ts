/** ElectLeaders (key 43): with one replica of each partition, the preferred leader already leads, and nobody else could. */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { ElectLeadersRequest, ElectLeadersResponse } from '../../client/protocol/messages/elect-leaders.ts'
import { api } from './handler.ts'
import type { Services } from './services.ts'

const electionTypes = [0, 1]

export const electLeaders = api({
  request: ElectLeadersRequest,
  response: ElectLeadersResponse,
  versions: [0, 2],
  handle({ electionType, topicPartitions }, { apiVersion }, services) {
    const isKnown = apiVersion === 0 || electionTypes.includes(electionType)
    const unknown = { errorCode: ErrorCode.INVALID_REQUEST, errorMessage: `Unknown election type ${electionType}` }
    // Asked about all partitions, Kafka names only those that an election changed: here none.
    const replicaElectionResults = (topicPartitions ?? []).map(({ topic, partitions }) => ({
      topic,
      partitionResult: partitions.map((partitionId) => (isKnown ? elect(topic, partitionId, services) : { partitionId, ...unknown })),
    }))
    return { errorCode: isKnown ? ErrorCode.NONE : ErrorCode.INVALID_REQUEST, replicaElectionResults }
  },
})

function elect(topic: string, partitionId: number, { cluster }: Services) {
  if (cluster.image.partition(topic, partitionId)) {
    return { partitionId, errorCode: ErrorCode.ELECTION_NOT_NEEDED, errorMessage: 'Leader election not needed for topic partition.' }
  }
  const errorMessage = cluster.image.topics.has(topic) ? `No such partition as ${topic}-${partitionId}` : `No such topic as ${topic}`
  return { partitionId, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage }
}
