/**
 * Which brokers hold the replicas of new partitions. Pure.
 * Brokers are laid out in a ring that alternates racks; partition after partition starts one further, and its replicas follow around
 * the ring, so leaders spread evenly and neighbours in the ring, which are in different racks, share a partition.
 */
import { zeroUuid } from '../../client/protocol/uuid.ts'
import type { BrokerImage } from './image.ts'
import { partitionRecord } from './image-records.ts'
import type { MetadataRecord } from './records.ts'

export interface PlacementRequest {
  readonly count: number
  readonly replicationFactor: number
  /** The index of the first new partition. */
  readonly firstIndex: number
  /** Turns the ring, so that topics of one partition do not all land on one broker. */
  readonly turn: number
}

/** Per partition the ids of its replicas, the preferred leader first. There must be at least as many brokers as replicas. */
export function place(brokers: Iterable<BrokerImage>, { count, replicationFactor, firstIndex, turn }: PlacementRequest): number[][] {
  const ring = ringOf(brokers)
  const size = ring.length
  return Array.from({ length: count }, (_, partition) => {
    const start = firstIndex + partition + turn
    // Each lap takes the followers one step further, so that a broker's followers are not always the same.
    const lap = Math.floor((firstIndex + partition) / size)
    return Array.from({ length: replicationFactor }, (_unused, replica) => {
      const step = replica === 0 ? 0 : 1 + ((replica - 1 + lap) % (size - 1))
      return ring[(start + step) % size] as number
    })
  })
}

function ringOf(brokers: Iterable<BrokerImage>): number[] {
  const racks = new Map<string | null, number[]>()
  for (const { id, rack } of [...brokers].sort((a, b) => a.id - b.id)) {
    const members = racks.get(rack)
    if (members) members.push(id)
    else racks.set(rack, [id])
  }
  const ring: number[] = []
  const columns = [...racks.values()]
  const longest = Math.max(0, ...columns.map(({ length }) => length))
  for (let row = 0; row < longest; row++) {
    for (const column of columns) {
      const id = column[row]
      if (id !== undefined) ring.push(id)
    }
  }
  return ring
}

/** What matters of a broker that a replica is placed on. */
type Home = Pick<BrokerImage, 'fenced' | 'logDirs'>

/** The record of a new partition, led by the first of its replicas that is there. */
export function newPartition(
  topicId: string,
  index: number,
  replicas: readonly number[],
  brokers: ReadonlyMap<number, Home>,
  leaderEpoch = 0,
): MetadataRecord {
  const isr = replicas.filter((id) => brokers.get(id)?.fenced === false)
  return partitionRecord(topicId, {
    index,
    replicas,
    isr,
    removingReplicas: [],
    addingReplicas: [],
    directories: replicas.map((id) => directoryOf(brokers.get(id))),
    eligibleLeaderReplicas: [],
    lastKnownElr: [],
    leader: isr[0] ?? -1,
    leaderRecoveryState: 0,
    leaderEpoch,
    partitionEpoch: 0,
  })
}

function directoryOf(broker: Home | undefined): string {
  const [only, ...others] = broker?.logDirs ?? []
  return only === undefined || others.length > 0 ? zeroUuid : only
}
