/**
 * What waits for the point between two records: partitions that are lost, a new assignment, an error; and who wakes the application for it.
 * Owns: that list. Never: talks to a broker.
 */
import type { ClientError } from '../network/client-error.ts'
import type { TopicPartition } from '../consumer/consumed.ts'
import { type Assignee, without } from './membership.ts'

export class Settlement {
  readonly assignee: Assignee
  #isLost = false
  #target: readonly TopicPartition[] | undefined
  #failure: ClientError | undefined
  /** The group wants this member to join again. */
  #isJoinWanted = true

  constructor(assignee: Assignee) {
    this.assignee = assignee
  }

  get isPending(): boolean {
    return this.#isLost || this.#target !== undefined || this.#failure !== undefined || this.#isJoinWanted
  }

  get isJoinWanted(): boolean {
    return this.#isJoinWanted
  }

  /** All that it has is somebody else's; what it was to get, too. */
  lose(): void {
    this.#isLost = true
    this.#target = undefined
    this.#isJoinWanted = true
    this.assignee.wake()
  }

  target(partitions: readonly TopicPartition[]): void {
    this.#target = partitions
    this.assignee.wake()
  }

  fail(error: ClientError): void {
    this.#failure = error
    this.#isJoinWanted = true
    this.assignee.wake()
  }

  wantJoin(): void {
    if (this.#isJoinWanted) return
    this.#isJoinWanted = true
    this.assignee.wake()
  }

  joins(): void {
    this.#isJoinWanted = false
  }

  /** Throws what went wrong, once. */
  async settleLosses(): Promise<void> {
    if (this.#isLost) {
      this.#isLost = false
      const lost = this.assignee.assigned()
      if (lost.length > 0) await this.assignee.lose(lost)
    }
    const failure = this.#failure
    this.#failure = undefined
    if (failure) throw failure
  }

  /** Gives up what is not in the target, then takes what is new. Whether something was given up. */
  async take(target: readonly TopicPartition[]): Promise<boolean> {
    const { assignee } = this
    const revoked = without(assignee.assigned(), target)
    if (revoked.length > 0) await assignee.revoke(revoked)
    const added = without(target, assignee.assigned())
    if (added.length > 0) await assignee.assign(added)
    return revoked.length > 0
  }

  takeTarget(): readonly TopicPartition[] | undefined {
    const target = this.#target
    this.#target = undefined
    return target
  }
}
