/**
 * ListOffsets (key 2): the offset of a moment: a timestamp, or one of the special ones below zero.
 * Version 0 (before KIP-79) answers with a list of segment starts instead of one offset.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { ListOffsetsRequest, ListOffsetsResponse } from '../../client/protocol/messages/list-offsets.ts'
import type { Input, Of } from '../../client/protocol/schema.ts'
import type { Partition } from '../replication/partition.ts'
import { api } from './handler.ts'
import type { Services } from './services.ts'

type Request = Of<typeof ListOffsetsRequest>
type Asked = Request['topics'][number]['partitions'][number]
type Found = NonNullable<NonNullable<NonNullable<Input<typeof ListOffsetsResponse>['topics']>[number]['partitions']>[number]>

const readCommitted = 1

const latest = -1
const earliest = -2
/** KIP-734: the record with the largest timestamp. */
const maxTimestamp = -3
/** KIP-405: the earliest record on local disk, and the latest in tiered storage; without tiers, all is local. */
const earliestLocal = -4
const latestTiered = -5
/** KIP-1023: the earliest record not yet in tiered storage; without tiers, the first of all. */
const earliestPendingUpload = -6

const firstVersionOf = new Map([
  [maxTimestamp, 7],
  [earliestLocal, 8],
  [latestTiered, 9],
  [earliestPendingUpload, 11],
])

export const listOffsets = api({
  request: ListOffsetsRequest,
  response: ListOffsetsResponse,
  versions: [0, 11],
  async handle(request, { apiVersion }, services) {
    const { isolationLevel } = request
    const isLevel = isolationLevel === 0 || isolationLevel === readCommitted
    const topics = []
    for (const { name, asked, twice } of withoutDuplicates(request)) {
      const found: Found[] = []
      for (const partition of asked) {
        if (!isLevel || twice.has(partition.partitionIndex)) found.push(failed(partition, ErrorCode.INVALID_REQUEST))
        else found.push(await lookUp(name, partition, apiVersion, isolationLevel === readCommitted, services))
      }
      topics.push({ name, partitions: found })
    }
    return { topics }
  },
})

/** Each topic and partition once, and which were asked for more than once: those are not looked up. */
function withoutDuplicates({ topics }: Request): { name: string; asked: Asked[]; twice: Set<number> }[] {
  const byName = new Map<string, { name: string; asked: Map<number, Asked>; twice: Set<number> }>()
  for (const { name, partitions } of topics) {
    const topic = byName.get(name) ?? { name, asked: new Map<number, Asked>(), twice: new Set<number>() }
    byName.set(name, topic)
    for (const partition of partitions) {
      if (topic.asked.has(partition.partitionIndex)) topic.twice.add(partition.partitionIndex)
      topic.asked.set(partition.partitionIndex, partition)
    }
  }
  return [...byName.values()].map(({ name, asked, twice }) => ({ name, asked: [...asked.values()], twice }))
}

function failed(asked: Asked, errorCode: number): Found {
  return { partitionIndex: asked.partitionIndex, errorCode, timestamp: -1, offset: -1, oldStyleOffsets: [] }
}

async function lookUp(name: string, asked: Asked, version: number, committedOnly: boolean, services: Services): Promise<Found> {
  const partition = services.replicas.get(name, asked.partitionIndex)
  if (!partition) return failed(asked, services.replicas.errorFor(name, asked.partitionIndex))
  const fenced = services.replicas.checkLeader(partition, asked.currentLeaderEpoch)
  if (fenced !== ErrorCode.NONE) return failed(asked, fenced)
  if (asked.timestamp < 0 && version < (firstVersionOf.get(asked.timestamp) ?? 0)) return failed(asked, ErrorCode.UNSUPPORTED_VERSION)
  if (asked.timestamp < earliestPendingUpload) return failed(asked, ErrorCode.UNSUPPORTED_VERSION)
  if (version === 0) return oldStyle(partition, asked)
  const end = committedOnly ? partition.lastStableOffset : partition.highWatermark
  const at = await find(partition, asked.timestamp, end)
  // Before version 4 an answer has no place for the epoch.
  return { partitionIndex: asked.partitionIndex, ...at, leaderEpoch: version >= 4 ? at.leaderEpoch : -1 }
}

interface At {
  timestamp: number
  offset: number
  leaderEpoch: number
}

const nowhere: At = { timestamp: -1, offset: -1, leaderEpoch: -1 }

async function find({ log, leaderEpoch }: Partition, timestamp: number, end: number): Promise<At> {
  switch (timestamp) {
    case latest:
      return { timestamp: -1, offset: end, leaderEpoch }
    case earliest:
    case earliestLocal:
    case earliestPendingUpload:
      return { timestamp: -1, offset: log.startOffset, leaderEpoch: log.epochAt(log.startOffset) }
    case latestTiered:
      return nowhere
    default: {
      const found = timestamp === maxTimestamp ? await log.maxTimestampOffset() : await log.offsetForTimestamp(timestamp)
      if (!found || found.offset >= end) return nowhere
      return { timestamp: found.timestamp, offset: found.offset, leaderEpoch: found.leaderEpoch }
    }
  }
}

/** Before KIP-79 clients got segment starts, newest first, and chose: enough to find the beginning and the end. */
function oldStyle({ log, highWatermark }: Partition, asked: Asked): Found {
  const { partitionIndex } = asked
  const maxNumOffsets = Math.max(1, asked.maxNumOffsets)
  const starts = log.segmentStarts().filter(({ offset, lastModified }) => {
    if (asked.timestamp === latest) return offset < highWatermark
    return asked.timestamp === earliest ? offset === log.startOffset : lastModified <= asked.timestamp && offset <= highWatermark
  })
  const offsets = starts.map(({ offset }) => offset).reverse()
  if (asked.timestamp === latest) offsets.unshift(highWatermark)
  return { partitionIndex, errorCode: ErrorCode.NONE, oldStyleOffsets: offsets.slice(0, maxNumOffsets) }
}
