/** DescribeLogDirs (key 35): the data directory, what each partition takes in it, and how much room is left (KIP-827). */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { DescribeLogDirsRequest, DescribeLogDirsResponse } from '../../client/protocol/messages/describe-log-dirs.ts'
import type { Of } from '../../client/protocol/schema.ts'
import type { Partition } from '../replication/partition.ts'
import { api } from './handler.ts'
import { PartitionMap } from './partition-map.ts'
import type { Services } from './services.ts'

export const describeLogDirs = api({
  request: DescribeLogDirsRequest,
  response: DescribeLogDirsResponse,
  versions: [0, 5],
  handle(request, _context, services) {
    const sizes = new PartitionMap<number>()
    for (const { topic, index, log } of asked(request, services)) sizes.set(topic, index, log.sizeBytes)
    const topics = sizes.map((partitionSize, partitionIndex) => ({ partitionIndex, partitionSize, offsetLag: 0, isFutureKey: false }))
    const { path } = services.directory
    const { free, total } = services.directory.space()
    return { results: [{ errorCode: ErrorCode.NONE, logDir: path, topics, totalBytes: total, usableBytes: free }] }
  },
})

function* asked({ topics }: Of<typeof DescribeLogDirsRequest>, { replicas }: Services): Generator<Partition> {
  if (topics === null) return yield* replicas.all()
  for (const { topic, partitions } of topics) {
    for (const index of partitions) {
      const partition = replicas.get(topic, index)
      if (partition) yield partition
    }
  }
}
