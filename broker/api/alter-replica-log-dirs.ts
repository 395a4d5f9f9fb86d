/** AlterReplicaLogDirs (key 34): moves partitions to another of the broker's directories (KIP-113). There is one, where they are already. */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse } from '../../client/protocol/messages/alter-replica-log-dirs.ts'
import { api } from './handler.ts'
import type { Services } from './services.ts'

export const alterReplicaLogDirs = api({
  request: AlterReplicaLogDirsRequest,
  response: AlterReplicaLogDirsResponse,
  versions: [1, 2],
  handle({ dirs }, _context, services) {
    // A partition that is named more than once has one answer, the last.
    const byTopic = new Map<string, Map<number, number>>()
    for (const { path, topics } of dirs) {
      for (const { name, partitions } of topics) {
        const codes = byTopic.get(name) ?? new Map<number, number>()
        byTopic.set(name, codes)
        for (const index of partitions) codes.set(index, codeOf(path, name, index, services))
      }
    }
    const results = [...byTopic].map(([topicName, codes]) => ({
      topicName,
      partitions: [...codes].map(([partitionIndex, errorCode]) => ({ partitionIndex, errorCode })),
    }))
    return { results }
  },
})

function codeOf(path: string, topic: string, index: number, { directory, replicas }: Services): number {
  if (path !== directory.path) return ErrorCode.LOG_DIR_NOT_FOUND
  const partition = replicas.get(topic, index)
  if (!partition) return replicas.errorFor(topic, index)
  return partition.log.offline ? ErrorCode.KAFKA_STORAGE_ERROR : ErrorCode.NONE
}
