/**
 * Finds out where partitions begin: where their group left off, at an offset, at a time, at the beginning or the end; and whether what was
 * read still is in the log after another leader came (KIP-320).
 * Owns: the one search under way. Never: throws: what fails for good is told.
 */
import type { ClusterView } from '../cluster/cluster-view.ts'
import { ClientError } from '../network/client-error.ts'
import type { AssignedPartition } from './assigned-partition.ts'
import type { PartitionOffset, Position, TopicPartition } from './consumed.ts'
import type { Fetcher } from './fetcher.ts'
import type { FoundOffset, OffsetLookup, OffsetQuestion } from './offset-lookup.ts'

export interface StartPolicy {
  /** Where nothing is committed. `fail`: that is an error. */
  readonly fresh: Position | 'fail'
  /** Where what is asked for is not in the log any more. */
  readonly outOfRange: 'beginning' | 'end' | 'fail'
}

export interface Located {
  readonly cluster: ClusterView
  readonly lookup: OffsetLookup
  readonly fetcher: Fetcher
  readonly policy: StartPolicy
  /** Those of them that the group has committed. */
  readonly committed: (partitions: readonly TopicPartition[]) => Promise<PartitionOffset[]>
  readonly failed: (error: ClientError) => void
  readonly now: () => number
}

export class Locator {
  readonly #with: Located
  #isBusy = false

  constructor(around: Located) {
    this.#with = around
  }

  /** Does what is to be done for these; called again when that is done, as long as something is. */
  async locate(partitions: readonly AssignedPartition[]): Promise<void> {
    if (this.#isBusy) return
    this.#isBusy = true
    try {
      const now = this.#with.now()
      const due = partitions.filter((one) => one.isAssigned && one.retryAt <= now)
      await Promise.all([
        this.#begin(due.filter((one) => one.position === undefined)),
        this.#check(due.filter((one) => this.#isDoubtful(one))),
      ])
    } finally {
      this.#isBusy = false
      this.#with.fetcher.drop()
      this.#with.fetcher.pump()
    }
  }

  async #begin(astray: readonly AssignedPartition[]): Promise<void> {
    await this.#beginWhereCommitted(astray.filter(({ start }) => start === 'committed'))
    for (const one of astray) if (one.start === 'reset') this.#reset(one)
    const asked: { of: AssignedPartition; version: number; question: OffsetQuestion }[] = []
    for (const of of astray) {
      const { topic, partition, start, version } = of
      if (of.position !== undefined || !of.isAssigned || start === 'committed' || start === 'reset') continue
      if (typeof start === 'object' && 'offset' in start) of.begin(start.offset, -1)
      else asked.push({ of, version, question: { topic, partition, at: start } })
    }
    if (asked.length === 0) return
    const found = await this.#with.lookup.find(asked.map(({ question }) => question))
    for (const [index, { of, version }] of asked.entries()) {
      const outcome = found[index] as FoundOffset | ClientError
      if (of.version !== version) continue
      if (outcome instanceof ClientError) this.#postpone(of, outcome)
      else of.begin(outcome.offset, -1)
    }
  }

  async #beginWhereCommitted(waiting: readonly AssignedPartition[]): Promise<void> {
    if (waiting.length === 0) return
    const versions = waiting.map(({ version }) => version)
    try {
      const offsets = new Map((await this.#with.committed(waiting)).map((one) => [`${one.topic}-${one.partition}`, one]))
      for (const [index, one] of waiting.entries()) {
        if (one.version !== versions[index]) continue
        const found = offsets.get(one.name)
        if (found) {
          one.begin(found.offset, found.leaderEpoch ?? -1)
          one.committed = found.offset
        } else this.#beginFresh(one)
      }
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
      for (const [index, one] of waiting.entries()) if (one.version === versions[index]) this.#postpone(one, error)
    }
  }

  #beginFresh(one: AssignedPartition): void {
    const { fresh } = this.#with.policy
    if (fresh !== 'fail') {
      one.start = fresh
      return
    }
    const why = `nothing is committed for ${one.name}: say where to begin ('from'), or seek`
    this.#postpone(one, new ClientError('NO_COMMITTED_OFFSET', why, one))
  }

  #reset(one: AssignedPartition): void {
    const { outOfRange } = this.#with.policy
    if (outOfRange !== 'fail') {
      one.start = outOfRange
      return
    }
    const why = `what ${one.name} was to go on with is not in its log any more: seek to where to go on`
    this.#postpone(one, new ClientError('OFFSET_OUT_OF_RANGE', why, one))
  }

  #postpone(one: AssignedPartition, error: ClientError): void {
    if (error.retriable) this.#with.cluster.forget(one.topic)
    const verdict = this.#with.fetcher.postpone(one, error)
    if (verdict) this.#with.failed(verdict)
  }

  #isDoubtful(one: AssignedPartition): boolean {
    return one.position !== undefined && this.#with.fetcher.needsCheck(one)
  }

  /** What was read last must be in the log of the new leader too. */
  async #check(doubtful: readonly AssignedPartition[]): Promise<void> {
    if (doubtful.length === 0) return
    const { lookup, cluster } = this.#with
    const asked = doubtful.map((of) => ({
      of,
      version: of.version,
      epoch: cluster.known(of.topic)?.leaderEpochs[of.partition] ?? -1,
      question: { topic: of.topic, partition: of.partition, leaderEpoch: of.fetchedEpoch },
    }))
    const ends = await lookup.ends(asked.map(({ question }) => question))
    for (const [index, { of, version, epoch }] of asked.entries()) {
      const end = ends[index] as FoundOffset | ClientError
      if (of.version !== version) continue
      if (end instanceof ClientError) this.#postpone(of, end)
      else if (end.offset < 0 || end.offset >= of.fetchOffset) of.checkedEpoch = epoch
      else this.#cut(of, end)
    }
  }

  /** The log was cut: what is not in it any more was read for nothing. */
  #cut(one: AssignedPartition, end: FoundOffset): void {
    const position = one.position ?? 0
    if (end.offset >= position) one.rewind()
    else if (this.#with.policy.outOfRange === 'fail') {
      const why = `the log of ${one.name} was cut to offset ${end.offset}, below ${position}, which was read: seek to where to go on`
      this.#postpone(one, new ClientError('LOG_TRUNCATED', why, one))
    } else one.moveTo({ offset: end.offset })
  }
}
