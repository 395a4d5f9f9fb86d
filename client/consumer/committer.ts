/**
 * Commits for a consumer: what the application is done with, every so often and before it is given up; or what it says.
 * Owns: what was committed last, and the timer. Never: waits for the application, or commits twice what has not changed.
 */
import type { GroupOffsets } from '../group/group-offsets.ts'
import { ClientError } from '../network/client-error.ts'
import type { ClientLogger } from '../network/observer.ts'
import type { CallOptions } from '../network/patience.ts'
import type { ClientPlatform } from '../platform/dial.ts'
import type { AssignedPartition } from './assigned-partition.ts'
import type { PartitionOffset } from './consumed.ts'

export interface CommitterParts {
  readonly offsets: GroupOffsets
  readonly partitions: Iterable<AssignedPartition>
  /** How far the application is done with a partition. */
  readonly doneOf: (partition: AssignedPartition) => number | undefined
  /** Undefined: only when told to. */
  readonly everyMs: number | undefined
  readonly platform: ClientPlatform
  readonly logger: ClientLogger
}

export class Committer {
  readonly #parts: CommitterParts
  #cancel: (() => void) | undefined
  #isCommitting = false

  constructor(parts: CommitterParts) {
    this.#parts = parts
  }

  /** From now on, every so often. */
  start(): void {
    const { everyMs, platform } = this.#parts
    if (everyMs === undefined || this.#cancel) return
    this.#cancel = platform.after(everyMs, () => {
      this.#cancel = undefined
      this.start()
      if (!this.#isCommitting) void this.commitDone([...this.#parts.partitions])
    })
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** By itself, if it is to: what cannot be committed is told to the logger, and tried again with the next. */
  async commitDone(partitions: readonly AssignedPartition[], call?: CallOptions): Promise<void> {
    const { everyMs, doneOf, logger } = this.#parts
    if (everyMs === undefined) return
    this.#isCommitting = true
    try {
      await this.#commit(partitions, doneOf, call)
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
      logger.warn({ error: error.code, topic: error.topic, partition: error.partition }, `not committed: ${error.message}`)
    } finally {
      this.#isCommitting = false
    }
  }

  /** All that was handed out, what is in the application's hands too. Throws ClientError. */
  commitAll(call?: CallOptions): Promise<void> {
    return this.#commit([...this.#parts.partitions], ({ position }) => position, call)
  }

  /** Throws ClientError. */
  async commit(offsets: readonly PartitionOffset[], call?: CallOptions): Promise<void> {
    if (offsets.length > 0) await this.#parts.offsets.commit(offsets, call)
  }

  async #commit(
    partitions: readonly AssignedPartition[],
    offsetOf: (partition: AssignedPartition) => number | undefined,
    call: CallOptions | undefined,
  ): Promise<void> {
    const changed = partitions.flatMap((of) => {
      const offset = offsetOf(of)
      if (offset === undefined || offset === of.committed) return []
      const { topic, partition, leaderEpoch } = of
      return [{ of, said: { topic, partition, offset, leaderEpoch } }]
    })
    await this.commit(
      changed.map(({ said }) => said),
      call,
    )
    for (const { of, said } of changed) of.committed = said.offset
  }
}
