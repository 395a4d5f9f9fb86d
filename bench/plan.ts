/** What is to be measured, against whom and how: what the command's flags say. Plain data, which load processes are handed as it is. */

export type Acks = 'all' | 'leader' | 'none'
export type Codec = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

export interface Load {
  /** How long each round is measured, after the warm-up. */
  readonly seconds: number
  /** Ends a round earlier, once so many are measured. */
  readonly records: number | undefined
  readonly warmUpSeconds: number
  /** Of a record's value, in bytes. */
  readonly size: number
  /** Of a producer's batch, in bytes. */
  readonly batchBytes: number
  readonly lingerMs: number
  readonly acks: Acks
  readonly codec: Codec
  readonly partitions: number
  readonly replicationFactor: number
  /** In all; each is a client of its own, on its own sockets. */
  readonly connections: number
  /** Of the load. */
  readonly processes: number
  /** A second, in all; 0: as fast as it goes, where the workload can. */
  readonly rate: number
  /** Who read the same topic, each all of it: fan-out and websocket. */
  readonly consumers: number
  /** Consumer groups that commit. */
  readonly groups: number
  /** Of the group that rebalances. */
  readonly members: number
  readonly recordsPerTransaction: number
}

export interface Target {
  /** `host:port` of a broker. */
  readonly bootstrap: string
  /** What tables and plots call it; its address if left out. */
  readonly name?: string
  /** Of the broker's process on this machine, where processor time and memory are to be told. */
  readonly pid: number | undefined
  /** `host:port` where streams are served over WebSocket. */
  readonly http: string
}

/** As tables and plots call it. */
export function labelOf({ name, bootstrap }: Target): string {
  return name ?? bootstrap
}

export interface Plan {
  /** One, or two to be compared. */
  readonly targets: readonly Target[]
  readonly workloads: readonly string[]
  /** Whose clients make it: `stele`, or one of bench/foreign's. */
  readonly clients: readonly string[]
  readonly rounds: number
  readonly load: Load
}

/** No more than a load has, of an object that may have more. */
export function loadOf(given: Load): Load {
  const { seconds, records, warmUpSeconds, size, batchBytes, lingerMs, acks, codec, partitions, replicationFactor } = given
  const { connections, processes, rate, consumers, groups, members, recordsPerTransaction } = given
  const how = { seconds, records, warmUpSeconds, size, batchBytes, lingerMs, acks, codec, partitions, replicationFactor }
  return { ...how, connections, processes, rate, consumers, groups, members, recordsPerTransaction }
}
