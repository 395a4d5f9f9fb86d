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
import type { Assignment } from './assignment.ts'
import type { PartitionOffset } from './consumed.ts'

export interface CommitterParts {
  readonly offsets: GroupOffsets
  readonly assignment: Assignment
  /** How far the application is done with a partition. */
  readonly doneOf: (partition: AssignedPartition) => number | undefined
  /** What the application commits it is done with. */
  readonly acknowledge: (partition: AssignedPartition, offset: number) => void
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
      if (!this.#isCommitting) void this.commitDone([...this.#parts.assignment])
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
      await this.#tell(changedOf(partitions, doneOf), call)
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
      logger.warn({ error: error.code, topic: error.topic, partition: error.partition }, `not committed: ${error.message}`)
    } finally {
      this.#isCommitting = false
    }
  }

  /** All that was handed out, what is in the application's hands too. Throws ClientError. */
  async commitAll(call?: CallOptions): Promise<void> {
    const changed = changedOf(this.#parts.assignment, ({ position }) => position)
    await this.commit(changed, call)
  }

  /** Throws ClientError. */
  async commit(offsets: readonly PartitionOffset[], call?: CallOptions): Promise<void> {
    const { assignment, acknowledge } = this.#parts
    // Now, not once it is heard: what is committed by itself meanwhile would be older.
    for (const { topic, partition, offset } of offsets) {
      const of = assignment.get(topic, partition)
      if (of) acknowledge(of, offset)
    }
    await this.#tell(offsets, call)
  }

  async #tell(offsets: readonly PartitionOffset[], call: CallOptions | undefined): Promise<void> {
    if (offsets.length === 0) return
    const { assignment } = this.#parts
    const told = offsets.map(({ topic, partition }) => assignment.get(topic, partition))
    await this.#parts.offsets.commit(offsets, call)
    for (const [index, { offset }] of offsets.entries()) {
      const of = told[index]
      if (of) of.committed = offset
    }
  }
}

/** Where each is by this measure, if that is not what was committed last. */
function changedOf(
  partitions: Iterable<AssignedPartition>,
  offsetOf: (partition: AssignedPartition) => number | undefined,
): PartitionOffset[] {
  return [...partitions].flatMap((of) => {
    const offset = offsetOf(of)
    const { topic, partition, leaderEpoch, committed } = of
    return offset === undefined || offset === committed ? [] : [{ topic, partition, offset, leaderEpoch }]
  })
}
