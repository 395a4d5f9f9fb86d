/**
 * From what `subscribe` asks for to partitions and the offsets where reading begins.
 * Never: reads. Offsets outside of the log are moved to its nearest end.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import type { ClientMessageOf, Cursor, From, Place } from '../../client/protocol/stream/client-messages.ts'
import type { Partition } from '../replication/partition.ts'
import type { ApiCalls } from './api-calls.ts'

type Subscribe = ClientMessageOf<'subscribe'>

export interface Start {
  readonly partition: Partition
  readonly offset: number
}

export interface Refusal {
  readonly code: number
  readonly place: Place | undefined
}

/** All partitions that it names, each with its start. */
export async function openingOf(calls: ApiCalls, subscribe: Subscribe): Promise<Start[] | Refusal> {
  const places = placesOf(calls, subscribe)
  if (!Array.isArray(places)) return places
  const starts = new Map<Partition, Start>()
  for (const place of places) {
    const partition = calls.services.replicas.get(place.topic, place.partition)
    if (!partition) return { code: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, place }
    const { code, offset } = await startOf(calls, subscribe, place)
    if (code !== ErrorCode.NONE) return { code, place }
    starts.set(partition, { partition, offset })
  }
  return [...starts.values()]
}

function placesOf({ services }: ApiCalls, { topics = [], partitions }: Subscribe): Place[] | Refusal {
  if (partitions) return partitions
  const places: Place[] = []
  for (const topic of topics) {
    const count = services.replicas.partitionCount(topic)
    if (count === 0) return { code: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, place: { topic, partition: 0 } }
    for (let partition = 0; partition < count; partition++) places.push({ topic, partition })
  }
  return places
}

/** Where it reads `place` from. */
export async function startOf(
  calls: ApiCalls,
  { from = 'end', cursors = [], isolation }: Subscribe,
  place: Place,
): Promise<{ code: number; offset: number }> {
  const cursor = cursors.find(({ topic, partition }) => topic === place.topic && partition === place.partition)
  const offset = cursor?.offset ?? offsetOf(from)
  if (offset !== undefined) return { code: ErrorCode.NONE, offset: within(calls, place, offset) }
  return calls.offsetOf(place, momentOf(from), isolation !== 'uncommitted')
}

/** Where nothing is committed, a member that asks for `committed` begins at the end, as Kafka's do unless told. */
function momentOf(from: From): 'beginning' | 'end' | number {
  if (typeof from === 'object') return from.time ?? 'end'
  return from === 'beginning' ? 'beginning' : 'end'
}

function offsetOf(from: From): Cursor['offset'] | undefined {
  return typeof from === 'object' ? from.offset : undefined
}

function within({ services }: ApiCalls, { topic, partition }: Place, offset: number): number {
  const held = services.replicas.get(topic, partition)
  return held ? Math.min(Math.max(offset, held.log.startOffset), held.highWatermark) : offset
}
