/**
 * Reads topics: by itself, or as a member of a group that shares them.
 *
 *     for await (const order of stele.consumer({ topics: ['orders'], group: 'billing', value: json<Order>() })) bill(order)
 *
 * One loop at a time, over records or over batches; left, it may be begun again and goes on where it was.
 * Owns: the parts, and the point between two records where the group may give and take. Nothing is asked for that there is no room for.
 */
import type { ClusterView } from '../cluster/cluster-view.ts'
import type { Coordinators } from '../cluster/coordinators.ts'
import { ClassicMembership } from '../group/classic-membership.ts'
import { ConsumerMembership } from '../group/consumer-membership.ts'
import { GroupOffsets } from '../group/group-offsets.ts'
import { type Assignee, type Membership } from '../group/membership.ts'
import { Subscription } from '../group/subscription.ts'
import type { BrokerPool } from '../network/broker-pool.ts'
import { ClientError } from '../network/client-error.ts'
import { interruptible, throwIfAborted } from '../network/interruption.ts'
import { silentLogger } from '../network/observer.ts'
import type { CallOptions } from '../network/patience.ts'
import { bytes } from '../serde/serde.ts'
import type { AssignedPartition } from './assigned-partition.ts'
import { Assignment } from './assignment.ts'
import { Committer } from './committer.ts'
import type { ConsumedBatch } from './consumed-batch.ts'
import type { ChosenPartition, ConsumedRecord, PartitionOffset, Position, TopicPartition } from './consumed.ts'
import {
  autoCommitOf,
  type ConsumerOptions,
  checkConsumerOptions,
  defaultMetadataMs,
  fetcherOptionsOf,
  type GroupOptions,
  groupOptionsOf,
  startPolicyOf,
} from './consumer-options.ts'
import { Fetcher } from './fetcher.ts'
import { FixedAssignment } from './fixed-assignment.ts'
import { type Decoders, Handout } from './handout.ts'
import { Locator } from './locator.ts'
import { OffsetLookup } from './offset-lookup.ts'

export interface ClientParts {
  readonly pool: BrokerPool
  readonly cluster: ClusterView
  readonly coordinators: Coordinators
  /** What is to be closed before the client is. */
  readonly open: Set<AsyncDisposable>
}

/** Of a member, for whoever commits offsets in a transaction. */
export interface ConsumerGroupMetadata {
  readonly groupId: string
  readonly memberId: string
  readonly generationId: number
  readonly groupInstanceId: string | null
}

const done: IteratorReturnResult<undefined> = { done: true, value: undefined }
let lanes = 0

export class Consumer<K = Uint8Array | null, V = Uint8Array | null> implements AsyncIterable<ConsumedRecord<K, V>> {
  readonly #parts: ClientParts
  readonly #options: ConsumerOptions<K, V>
  readonly #group: GroupOptions | undefined
  readonly #assignment = new Assignment()
  readonly #lane = `consumer ${++lanes}`
  readonly #fetcher: Fetcher
  readonly #locator: Locator
  readonly #handout: Handout<K, V>
  readonly #offsets: GroupOffsets | undefined
  readonly #committer: Committer | undefined
  readonly #membership: Membership
  #closed: Promise<void> | undefined
  #isCutShort = false
  #settling: Promise<void> | undefined
  #failure: ClientError | undefined
  /** Something happened that is looked at before the next record. */
  #isDisturbed = false
  #isLooping = false
  #isWaiting = false
  #polls = 0
  #wake: () => void = () => {}

  /** Throws a ClientError (INVALID_OPTION). Nothing is asked before the first record is. */
  constructor(parts: ClientParts, options: ConsumerOptions<K, V>) {
    const own = options as ConsumerOptions<never, never>
    checkConsumerOptions(own)
    this.#parts = parts
    this.#options = options
    this.#group = groupOptionsOf(own)
    const { pool, cluster, coordinators } = parts
    const { platform, logger = silentLogger } = pool.options
    const wants = {
      arrived: () => this.#wake(),
      failed: (error: ClientError) => this.#fail(error),
      locate: () => void this.#locator.locate([...this.#assignment]),
    }
    const fetcherOptions = fetcherOptionsOf(own)
    this.#fetcher = new Fetcher(pool, cluster, { ...fetcherOptions, lane: this.#lane }, wants)
    if (this.#group) this.#offsets = new GroupOffsets(coordinators, this.#group.groupId, () => this.#membership)
    this.#locator = new Locator({
      cluster,
      lookup: new OffsetLookup(cluster, fetcherOptions.readCommitted),
      fetcher: this.#fetcher,
      policy: startPolicyOf(own),
      committed: async (partitions) => (await this.#offsets?.fetch(partitions)) ?? [],
      failed: wants.failed,
      now: () => platform.now(),
    })
    this.#handout = new Handout(this.#fetcher, decodersOf(options), (batch, call) => this.#commitBatch(batch, call))
    if (this.#offsets) {
      const doneOf = (partition: AssignedPartition) => this.#handout.doneOf(partition)
      const everyMs = autoCommitOf(own)
      const acknowledge = (partition: AssignedPartition, offset: number) => this.#handout.acknowledge(partition, offset)
      const parts = { offsets: this.#offsets, assignment: this.#assignment, doneOf, acknowledge, everyMs, platform, logger }
      this.#committer = new Committer(parts)
    }
    this.#membership = this.#member()
    options.signal?.addEventListener('abort', this.#aborted, { once: true })
    parts.open.add(this)
  }

  #member(): Membership {
    const { topics, partitions, metadataMs = defaultMetadataMs } = this.#options
    const { pool, cluster, coordinators } = this.#parts
    const assignee = this.#assignee()
    const subscription = topics && new Subscription(cluster, topics)
    if (!this.#group || !subscription) return new FixedAssignment(pool, { subscription, partitions, metadataMs }, assignee)
    const lane = `${this.#lane} group`
    const parts = { pool, cluster, coordinators, options: this.#group, subscription, assignee, lane }
    return this.#group.protocol === 'consumer' ? new ConsumerMembership(parts) : new ClassicMembership(parts)
  }

  #assignee(): Assignee {
    return {
      assigned: () => this.#assignment.list,
      staying: () => [...this.#assignment].filter(({ isLeaving }) => !isLeaving).map(placeOf),
      polls: () => this.#polls,
      isWaiting: () => this.#isWaiting,
      assign: (partitions) => this.#assign(partitions),
      revoke: (partitions) => this.#revoke(partitions),
      lose: (partitions) => this.#lose(partitions),
      wake: () => {
        this.#isDisturbed = true
        this.#wake()
      },
    }
  }

  async #assign(partitions: readonly ChosenPartition[]): Promise<void> {
    if (this.#closed) return
    this.#assignment.add(partitions, this.#startOf())
    await this.#options.onAssigned?.(partitions.map(placeOf))
    this.#fetcher.assign([...this.#assignment])
    this.#committer?.start()
  }

  #startOf(): 'committed' | Position {
    const { from = 'end' } = this.#options
    return this.#group ? 'committed' : from
  }

  async #revoke(partitions: readonly TopicPartition[]): Promise<void> {
    const leaving = this.#statesOf(partitions)
    for (const one of leaving) one.isLeaving = true
    try {
      await this.#committer?.commitDone(leaving)
      await this.#options.onRevoked?.(partitions)
    } finally {
      this.#remove(partitions)
    }
  }

  async #lose(partitions: readonly TopicPartition[]): Promise<void> {
    this.#remove(partitions)
    const { onLost, onRevoked } = this.#options
    await (onLost ?? onRevoked)?.(partitions)
  }

  #remove(partitions: readonly TopicPartition[]): void {
    this.#assignment.remove(partitions)
    this.#fetcher.assign([...this.#assignment])
  }

  #statesOf(partitions: readonly TopicPartition[]): AssignedPartition[] {
    return partitions.flatMap(({ topic, partition }) => this.#assignment.get(topic, partition) ?? [])
  }

  #fail(error: ClientError): void {
    this.#failure ??= error
    this.#wake()
  }

  /** Records, as they come. A second loop while one runs throws CONSUMER_BUSY. */
  [Symbol.asyncIterator](): AsyncIterableIterator<ConsumedRecord<K, V>, undefined> {
    return this.records()
  }

  /** The same, for a loop that a signal of its own can end: it throws ABORTED, and the consumer lives on. */
  records({ signal }: { readonly signal?: AbortSignal } = {}): AsyncIterableIterator<ConsumedRecord<K, V>, undefined> {
    return this.#loop(() => this.#handout.nextRecord(), signal)
  }

  /** All that one fetch brought of a partition at a time. */
  batches({ signal }: { readonly signal?: AbortSignal } = {}): AsyncIterableIterator<ConsumedBatch<K, V>, undefined> {
    return this.#loop(() => this.#handout.nextBatch(), signal)
  }

  #loop<T>(take: () => T | undefined, signal: AbortSignal | undefined): AsyncIterableIterator<T, undefined> {
    let state: 'new' | 'running' | 'ended' = 'new'
    const end = () => {
      if (state === 'running') this.#isLooping = false
      state = 'ended'
    }
    const wait = async (): Promise<IteratorResult<T, undefined>> => {
      this.#isWaiting = true
      try {
        const value = await this.#next(take, signal)
        if (value !== undefined) return { done: false, value }
      } catch (error) {
        end()
        throw error
      } finally {
        this.#isWaiting = false
      }
      end()
      return done
    }
    return {
      next: () => {
        if (state === 'running' && !this.#isDisturbed && !signal?.aborted) {
          this.#polls++
          this.#handout.settle()
          try {
            const value = take()
            if (value !== undefined) return Promise.resolve({ done: false, value })
          } catch (error) {
            end()
            return Promise.reject(error)
          }
        }
        if (state === 'ended') return Promise.resolve(done)
        if (state === 'new' && this.#isLooping)
          return Promise.reject(new ClientError('CONSUMER_BUSY', 'another loop reads from this consumer: leave it first'))
        if (state === 'new') this.#fetcher.tryAgain()
        state = 'running'
        this.#isLooping = true
        return wait()
      },
      return: () => {
        end()
        return Promise.resolve(done)
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }

  /** Undefined: the consumer is closed. */
  async #next<T>(take: () => T | undefined, signal: AbortSignal | undefined): Promise<T | undefined> {
    const { signal: own } = this.#options
    for (;;) {
      throwIfAborted(own)
      throwIfAborted(signal)
      if (this.#closed) return undefined
      this.#polls++
      this.#handout.settle()
      this.#isDisturbed = false
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      if (this.#settling || this.#membership.isPending) await interruptible(interruptible(this.#settle(), own), signal)
      if (this.#closed) continue
      const failure = this.#failure
      this.#failure = undefined
      if (failure) throw failure
      const value = take()
      if (value !== undefined) return value
      if (this.#isAllRead()) return undefined
      await (signal ? interruptible(woken, signal) : woken)
    }
  }

  /** Once at a time: a loop that was left may have begun it. */
  #settle(): Promise<void> {
    this.#settling ??= this.#membership.settle().finally(() => {
      this.#settling = undefined
    })
    return this.#settling
  }

  #isAllRead(): boolean {
    const { partitions } = this.#options
    return partitions !== undefined && [...this.#assignment].every(({ isRead }) => isRead)
  }

  /** It was closed before all was handed out that it was to read. */
  get isCutShort(): boolean {
    return this.#isCutShort
  }

  /** What it has now. */
  assignment(): TopicPartition[] {
    return this.#assignment.list
  }

  /** The next record to be handed out; undefined while that is not known, or the partition is not this consumer's. */
  position({ topic, partition }: TopicPartition): number | undefined {
    return this.#assignment.get(topic, partition)?.position
  }

  /** Goes on there. Throws NOT_ASSIGNED where the partition is not this consumer's. */
  seek({ topic, partition }: TopicPartition, to: Position | number): void {
    this.#assigned({ topic, partition }).moveTo(typeof to === 'number' ? { offset: to } : to)
    this.#changed()
  }

  /** Nothing of these is handed out until they are resumed; all of them if left out. They stay this consumer's. */
  pause(partitions: readonly TopicPartition[] = this.assignment()): void {
    for (const one of partitions) {
      const partition = this.#assigned(one)
      if (partition.isPaused) continue
      partition.isPaused = true
      partition.rewind()
    }
    this.#changed()
  }

  resume(partitions: readonly TopicPartition[] = this.assignment()): void {
    for (const one of partitions) this.#assigned(one).isPaused = false
    this.#changed()
  }

  paused(): TopicPartition[] {
    return [...this.#assignment].filter(({ isPaused }) => isPaused).map(placeOf)
  }

  #changed(): void {
    this.#fetcher.drop()
    this.#fetcher.pump()
  }

  #assigned({ topic, partition }: TopicPartition): AssignedPartition {
    const assigned = this.#assignment.get(topic, partition)
    if (assigned) return assigned
    throw new ClientError('NOT_ASSIGNED', `${topic}-${partition} is not this consumer's: see assignment()`, { topic, partition })
  }

  /**
   * Commits these offsets; if none are given, all that was handed out, the record in hand too. Throws ClientError: `ILLEGAL_GENERATION`,
   * `UNKNOWN_MEMBER_ID`, `FENCED_MEMBER_EPOCH` where the partitions are another member's by now.
   */
  async commit(offsets?: readonly PartitionOffset[], call?: CallOptions): Promise<void> {
    const committer = this.#committerOf()
    await (offsets ? committer.commit(offsets, call) : committer.commitAll(call))
  }

  async #commitBatch(batch: ConsumedBatch<K, V>, call: CallOptions | undefined): Promise<void> {
    const { topic, partition, nextOffset: offset, leaderEpoch } = batch
    await this.#committerOf().commit([{ topic, partition, offset, leaderEpoch }], call)
  }

  /** What the group has committed for these; of what it has if left out. Those without are left out. */
  async committed(partitions: readonly TopicPartition[] = this.assignment(), call?: CallOptions): Promise<PartitionOffset[]> {
    if (!this.#offsets) throw noGroup()
    return this.#offsets.fetch(partitions, call)
  }

  /** As transactions want it, to commit offsets as this member. */
  groupMetadata(): ConsumerGroupMetadata {
    if (!this.#group) throw noGroup()
    return { groupId: this.#group.groupId, ...this.#membership.identity }
  }

  #committerOf(): Committer {
    if (!this.#committer) throw noGroup()
    return this.#committer
  }

  readonly #aborted = (): void => {
    const { logger = silentLogger } = this.#parts.pool.options
    this.close().catch((error: unknown) => logger.warn({ error: String(error) }, 'a consumer that was aborted did not close well'))
  }

  /**
   * Commits what is done (unless that is the application's), tells what is given up, leaves the group. A loop that waits ends. All that takes
   * its time, also if the signal ends the wait for it.
   */
  close({ signal }: Pick<CallOptions, 'signal'> = {}): Promise<void> {
    if (!this.#closed) this.#isCutShort = !this.#isAllRead()
    this.#closed ??= this.#close()
    this.#isDisturbed = true
    this.#wake()
    return interruptible(this.#closed, signal)
  }

  async #close(): Promise<void> {
    this.#options.signal?.removeEventListener('abort', this.#aborted)
    this.#committer?.stop()
    try {
      await this.#membership.leave()
    } finally {
      this.#remove(this.assignment())
      await this.#fetcher.close()
      this.#parts.pool.endLane(this.#lane)
      this.#parts.open.delete(this)
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

function decodersOf<K, V>({ key, value }: ConsumerOptions<K, V>): Decoders<K, V> {
  const keySerde = key ?? (bytes as unknown as Decoder<K>)
  const valueSerde = value ?? (bytes as unknown as Decoder<V>)
  return { key: (given) => keySerde.decode(given), value: (given) => valueSerde.decode(given) }
}

interface Decoder<T> {
  decode(given: Uint8Array | null): T
}

function placeOf({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition }
}

function noGroup(): ClientError {
  return new ClientError('NO_GROUP', "this consumer has no group to commit for: name one ('group')")
}
