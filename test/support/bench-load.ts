/** A load so small that a test has time for it. */
import type { Load } from '../../bench/plan.ts'

export function benchLoad(own: Partial<Load> = {}): Load {
  return {
    seconds: 20,
    records: 300,
    warmUpSeconds: 0,
    size: 100,
    batchBytes: 16_384,
    lingerMs: 0,
    acks: 'all',
    codec: 'none',
    partitions: 4,
    replicationFactor: 1,
    connections: 2,
    processes: 1,
    rate: 0,
    consumers: 3,
    groups: 5,
    members: 3,
    recordsPerTransaction: 10,
    ...own,
  }
}
