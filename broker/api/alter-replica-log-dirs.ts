/** AlterReplicaLogDirs (key 34): moves partitions to another of the broker's directories (KIP-113). There is one, where they are already. */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse } from '../../client/protocol/messages/alter-replica-log-dirs.ts'
import { api } from './handler.ts'
import { PartitionMap } from './partition-map.ts'
import type { Services } from './services.ts'

export const alterReplicaLogDirs = api({
  request: AlterReplicaLogDirsRequest,
  response: AlterReplicaLogDirsResponse,
  versions: [1, 2],
  handle({ dirs }, _context, services) {
    // Of a partition that is named more than once the last place counts.
    const codes = new PartitionMap<number>()
    for (const { path, topics } of dirs) {
      for (const { name, partitions } of topics) {
        for (const index of partitions) codes.set(name, index, codeOf(path, name, index, services))
      }
    }
    const topics = codes.map((errorCode, partitionIndex) => ({ partitionIndex, errorCode }))
    return { results: topics.map(({ name, partitions }) => ({ topicName: name, partitions })) }
  },
})

function codeOf(path: string, topic: string, index: number, { directory, replicas }: Services): number {
  if (path !== directory.path) return ErrorCode.LOG_DIR_NOT_FOUND
  const partition = replicas.get(topic, index)
  if (!partition) return replicas.errorFor(topic, index)
  return partition.log.offline ? ErrorCode.KAFKA_STORAGE_ERROR : ErrorCode.NONE
}
