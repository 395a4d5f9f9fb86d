/** DeleteRecords (key 21): nothing below an offset is readable any more; -1 is the high watermark. The files go when whole segments are below it. */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { DeleteRecordsRequest, DeleteRecordsResponse } from '../../client/protocol/messages/delete-records.ts'
import { api } from './handler.ts'
import { PartitionMap } from './partition-map.ts'
import type { Services } from './services.ts'

export const deleteRecords = api({
  request: DeleteRecordsRequest,
  response: DeleteRecordsResponse,
  versions: [0, 2],
  handle(request, _context, services) {
    // Of a partition that is named more than once the last offset counts.
    const offsets = new PartitionMap<number>()
    for (const { name, partitions } of request.topics) {
      for (const { partitionIndex, offset } of partitions) offsets.set(name, partitionIndex, offset)
    }
    return { topics: offsets.map((offset, partitionIndex, name) => deleteBefore(name, partitionIndex, offset, services)) }
  },
})

function deleteBefore(topic: string, partitionIndex: number, offset: number, { replicas }: Services) {
  const refuse = (errorCode: number) => ({ partitionIndex, lowWatermark: -1, errorCode })
  const partition = replicas.get(topic, partitionIndex)
  if (!partition) return refuse(replicas.errorFor(topic, partitionIndex))
  const unable = replicas.checkLeader(partition, -1)
  if (unable !== ErrorCode.NONE) return refuse(unable)
  if (partition.isInternal) return refuse(ErrorCode.INVALID_TOPIC_EXCEPTION)
  if (!partition.log.config.delete) return refuse(ErrorCode.POLICY_VIOLATION)
  const lowWatermark = partition.deleteRecordsBefore(offset)
  if (partition.log.offline) return refuse(ErrorCode.KAFKA_STORAGE_ERROR)
  if (lowWatermark === undefined) return refuse(ErrorCode.OFFSET_OUT_OF_RANGE)
  return { partitionIndex, lowWatermark, errorCode: ErrorCode.NONE }
}
