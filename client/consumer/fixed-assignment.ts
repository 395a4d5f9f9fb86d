/**
 * A consumer without a group, or one that chooses its partitions itself: those that are named, or all of its topics.
 * Owns: which there are, looked at again every so often. Never: gives one up.
 */
import { type Assignee, type Membership, noMember, without } from '../group/membership.ts'
import { ClientError } from '../network/client-error.ts'
import { patiently } from '../network/patience.ts'
import type { ChosenPartition } from './consumed.ts'
import type { ClientParts } from './consumer.ts'

export interface FixedSubscription {
  readonly topics: readonly string[] | RegExp | undefined
  readonly partitions: readonly ChosenPartition[] | undefined
  readonly metadataMs: number
}

export class FixedAssignment implements Membership {
  readonly #parts: ClientParts
  readonly #wanted: FixedSubscription
  readonly #assignee: Assignee
  #cancel: (() => void) | undefined
  #isClosed = false
  isPending = true
  readonly identity = noMember

  constructor(parts: ClientParts, wanted: FixedSubscription, assignee: Assignee) {
    this.#parts = parts
    this.#wanted = wanted
    this.#assignee = assignee
  }

  async settle(): Promise<void> {
    const added = without(await patiently(this.#parts.pool.options, () => this.#existing()), this.#assignee.assigned())
    this.isPending = false
    if (this.#isClosed) return
    if (added.length > 0) await this.#assignee.assign(added)
    if (this.#wanted.topics) this.#lookAgain()
  }

  #lookAgain(): void {
    this.#cancel = this.#parts.pool.options.platform.after(this.#wanted.metadataMs, () => {
      this.isPending = true
      this.#assignee.wake()
    })
  }

  async #existing(): Promise<ChosenPartition[]> {
    const { topics, partitions } = this.#wanted
    const { cluster } = this.#parts
    if (topics === undefined) return [...(partitions ?? [])]
    const views = await (topics instanceof RegExp ? cluster.existing() : cluster.existing(topics.map((name) => ({ name }))))
    const wanted = topics instanceof RegExp ? views.filter(({ name, isInternal }) => !isInternal && topics.test(name)) : views
    const missing = topics instanceof RegExp ? [] : topics.filter((topic) => !views.some(({ name }) => name === topic))
    if (missing.length > 0 && this.#assignee.assigned().length === 0) throw noTopic(missing)
    return wanted.flatMap(({ name, leaders }) => leaders.map((_, partition) => ({ topic: name, partition })))
  }

  async leave(): Promise<void> {
    this.#isClosed = true
    this.#cancel?.()
  }
}

function noTopic([topic = '']: readonly string[]): ClientError {
  return new ClientError('UNKNOWN_TOPIC_OR_PARTITION', `there is no topic '${topic}': make it, or look how it is written`, { topic })
}
