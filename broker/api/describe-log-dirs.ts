/** DescribeLogDirs (key 35): the data directory, what each partition takes in it, and how much room is left (KIP-827). */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { DescribeLogDirsRequest, DescribeLogDirsResponse } from '../../client/protocol/messages/describe-log-dirs.ts'
import type { Of } from '../../client/protocol/schema.ts'
import type { Partition } from '../replication/partition.ts'
import { api } from './handler.ts'
import type { Services } from './services.ts'

export const describeLogDirs = api({
  request: DescribeLogDirsRequest,
  response: DescribeLogDirsResponse,
  versions: [0, 5],
  handle(request, _context, services) {
    const byTopic = new Map<string, { partitionIndex: number; partitionSize: number; offsetLag: number; isFutureKey: boolean }[]>()
    for (const { topic, index, log } of asked(request, services)) {
      const described = { partitionIndex: index, partitionSize: log.sizeBytes, offsetLag: 0, isFutureKey: false }
      const partitions = byTopic.get(topic)
      if (partitions) partitions.push(described)
      else byTopic.set(topic, [described])
    }
    const { path } = services.directory
    const { free, total } = services.directory.space()
    const topics = [...byTopic].map(([name, partitions]) => ({ name, partitions }))
    return { results: [{ errorCode: ErrorCode.NONE, logDir: path, topics, totalBytes: total, usableBytes: free }] }
  },
})

function* asked({ topics }: Of<typeof DescribeLogDirsRequest>, { replicas }: Services): Generator<Partition> {
  if (topics === null) return yield* replicas.all()
  const named = topics.flatMap(({ topic, partitions }) => partitions.map((index) => replicas.get(topic, index)))
  for (const partition of new Set(named)) if (partition) yield partition
}
