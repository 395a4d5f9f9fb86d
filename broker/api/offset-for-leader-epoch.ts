/** OffsetForLeaderEpoch (key 23): where a leader's epoch ended, so that a reader can tell whether it must truncate (KIP-101, KIP-320). */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse } from '../../client/protocol/messages/offset-for-leader-epoch.ts'
import { api } from './handler.ts'

export const offsetForLeaderEpoch = api({
  request: OffsetForLeaderEpochRequest,
  response: OffsetForLeaderEpochResponse,
  versions: [0, 4],
  handle(request, _context, { replicas }) {
    const topics = request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition: index, currentLeaderEpoch, leaderEpoch }) => {
        const unknown = { partition: index, leaderEpoch: -1, endOffset: -1 }
        const partition = replicas.get(topic, index)
        if (!partition) return { ...unknown, errorCode: replicas.errorFor(topic, index) }
        const errorCode = replicas.checkLeader(partition, currentLeaderEpoch)
        if (errorCode !== ErrorCode.NONE) return { ...unknown, errorCode }
        const { epoch, endOffset } = partition.log.epochEndOffset(leaderEpoch)
        return { errorCode, partition: index, leaderEpoch: epoch, endOffset }
      }),
    }))
    return { topics }
  },
})
