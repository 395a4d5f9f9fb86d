/**
 * Topics as groups see them. A port: what fills it knows the cluster, groups do not.
 * Owns: the shapes.
 */

export interface GroupTopic {
  readonly name: string
  readonly id: string
  readonly partitionCount: number
  /** Racks of the brokers that hold a partition, as far as they are known; sorted. */
  racksOf(partition: number): readonly string[]
}

export interface Topics {
  /** Where the metadata stands: its offset. A later state has a larger one. */
  readonly version: number
  names(): Iterable<string>
  get(name: string): GroupTopic | undefined
  /** Undefined: no topic has that id. */
  nameOf(id: string): string | undefined
}
