/**
 * Invariant 1, at the end: everything is read once more, from the first offset to the last, and held against the whole history.
 */
import { ErrorCode, errorOf } from '../../../client/protocol/errors.ts'
import { FetchRequest, FetchResponse } from '../../../client/protocol/messages/fetch.ts'
import { ListOffsetsRequest, ListOffsetsResponse } from '../../../client/protocol/messages/list-offsets.ts'
import { Client, type Surroundings } from '../clients/client.ts'
import type { ClientConnection } from '../clients/connection.ts'
import type { PartitionHistory } from '../history.ts'
import { Violation } from '../violation.ts'

const earliest = -2
const latest = -1

export class Auditor extends Client {
  /** What the clients had been promised to find. */
  readonly #partitions: readonly PartitionHistory[]
  records = 0

  constructor(around: Surroundings, partitions: readonly PartitionHistory[]) {
    super(around)
    this.#partitions = partitions
  }

  protected async live(): Promise<void> {
    const connection = (await this.connected()) as ClientConnection
    for (const history of this.#partitions) await this.#audit(connection, history)
  }

  async #audit(connection: ClientConnection, history: PartitionHistory): Promise<void> {
    const start = await this.#offset(connection, history, earliest)
    const end = await this.#offset(connection, history, latest)
    if (start < history.deletedBefore)
      throw new Violation(1, `${history.name}: records before ${history.deletedBefore} were deleted, and those from ${start} on are back`)
    let next = start
    while (next < end) {
      const after = await this.#fetch(connection, history, next, end)
      if (after === next) throw new Violation(1, `${history.name}: the log ends at ${end}, and nothing is given at ${next}`)
      next = after
    }
    history.complete(history.mayExpire ? await this.#offset(connection, history, earliest) : start, end)
    this.records += end - start
  }

  async #offset(connection: ClientConnection, history: PartitionHistory, timestamp: number): Promise<number> {
    const topics = [{ name: history.topic, partitions: [{ partitionIndex: history.index, timestamp }] }]
    const answer = await connection.request(ListOffsetsRequest, ListOffsetsResponse, 7, { replicaId: -1, topics })
    const partition = answer.topics[0]?.partitions[0]
    if (partition?.errorCode !== ErrorCode.NONE) {
      throw new Violation(1, `${history.name} cannot be asked for its offsets at the end: ${errorOf(partition?.errorCode ?? -1).name}`)
    }
    return partition.offset
  }

  async #fetch(connection: ClientConnection, history: PartitionHistory, from: number, end: number): Promise<number> {
    const partitions = [{ partition: history.index, fetchOffset: from, partitionMaxBytes: 100_000 }]
    const answer = await connection.request(FetchRequest, FetchResponse, 12, {
      maxWaitMs: 0,
      topics: [{ topic: history.topic, partitions }],
    })
    const data = answer.responses[0]?.partitions[0]
    // Retention goes on meanwhile.
    if (data?.errorCode === ErrorCode.OFFSET_OUT_OF_RANGE && history.mayExpire) return this.#offset(connection, history, earliest)
    if (data?.errorCode !== ErrorCode.NONE)
      throw new Violation(1, `${history.name} cannot be read at ${from} at the end: ${errorOf(data?.errorCode ?? -1).name}`)
    return history.read(data.records ?? Buffer.alloc(0), from, end, this.lifeOf(connection), this.name)
  }
}
