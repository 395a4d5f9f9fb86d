/**
 * A consumer without a group, or one that chooses its partitions itself: those that are named, or all of its topics.
 * Owns: which there are, looked at again every so often. Never: gives one up.
 */
import { type Assignee, type Membership, noMember, without } from '../group/membership.ts'
import type { Subscription } from '../group/subscription.ts'
import type { BrokerPool } from '../network/broker-pool.ts'
import { ClientError } from '../network/client-error.ts'
import { patiently } from '../network/patience.ts'
import type { ChosenPartition } from './consumed.ts'

export interface FixedSubscription {
  /** Undefined: partitions are chosen. */
  readonly subscription: Subscription | undefined
  readonly partitions: readonly ChosenPartition[] | undefined
  readonly metadataMs: number
}

export class FixedAssignment implements Membership {
  readonly #pool: BrokerPool
  readonly #wanted: FixedSubscription
  readonly #assignee: Assignee
  #cancel: (() => void) | undefined
  readonly #closing = new AbortController()
  isPending = true
  readonly identity = noMember
  readonly isJoining = false

  constructor(pool: BrokerPool, wanted: FixedSubscription, assignee: Assignee) {
    this.#pool = pool
    this.#wanted = wanted
    this.#assignee = assignee
  }

  async settle(): Promise<void> {
    const { signal } = this.#closing
    const found = await patiently(this.#pool.options, () => this.#existing(), undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
    this.isPending = false
    if (!found || signal.aborted) return
    const added = without(found, this.#assignee.assigned())
    if (added.length > 0) await this.#assignee.assign(added)
    if (this.#wanted.subscription) this.#lookAgain()
  }

  #lookAgain(): void {
    this.#cancel = this.#pool.options.platform.after(this.#wanted.metadataMs, () => {
      this.isPending = true
      this.#assignee.wake()
    })
  }

  async #existing(): Promise<readonly ChosenPartition[]> {
    const { subscription, partitions } = this.#wanted
    if (!subscription) return partitions ?? []
    const found = await subscription.refresh()
    const missing = subscription.names.find((topic) => !found.some(({ name }) => name === topic))
    if (missing !== undefined && this.#assignee.assigned().length === 0) throw noTopic(missing)
    return found.flatMap(({ name, leaders }) => leaders.map((_, partition) => ({ topic: name, partition })))
  }

  async leave(): Promise<void> {
    this.#closing.abort()
    this.#cancel?.()
  }
}

function noTopic(topic: string): ClientError {
  return new ClientError('UNKNOWN_TOPIC_OR_PARTITION', `there is no topic '${topic}': make it, or look how it is written`, { topic })
}
