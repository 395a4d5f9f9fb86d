/**
 * Keeps a subscription a member of its group: heartbeats in the client's name, and reads what the group gives it.
 * Owns: the member's id, its timers, and the order of what it does: one heartbeat at a time. Decisions are Membership's.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { randomUuid } from '../../client/protocol/uuid.ts'
import type { ClientMessageOf, Cursor, Place } from '../../client/protocol/stream/client-messages.ts'
import type { ServerMessage } from '../../client/protocol/stream/server-messages.ts'
import type { Timer } from '../platform/clock.ts'
import type { Partition } from '../replication/partition.ts'
import type { ApiCalls, GroupMember } from './api-calls.ts'
import { Membership, type MembershipEffect, type TopicPartition } from './membership.ts'
import { wordsOf } from './partition-reader.ts'
import type { Subscription } from './subscription.ts'

export interface GroupReaderOptions {
  readonly calls: ApiCalls
  readonly subscribe: ClientMessageOf<'subscribe'> & { readonly group: string }
  readonly subscription: Subscription
  send(message: ServerMessage): void
  /** Where a partition begins in which nothing is committed; a code where that cannot be told. */
  startOf(place: Place): Promise<{ code: number; offset: number }>
  /** It is over: the client has been told why. */
  ended(): void
}

const leavingEpoch = -1
const leavingForNowEpoch = -2
const rebalanceTimeoutMs = 60_000
/** A client that releases nothing in this time has lost what it was asked for. */
const releaseMillisMax = rebalanceTimeoutMs / 2

export class GroupReader {
  readonly #options: GroupReaderOptions
  readonly #memberId: string
  readonly #membership = new Membership()
  readonly #cursors: readonly Cursor[]
  #timer: Timer | undefined
  #releaseTimer: Timer | undefined
  #isAsking = false
  /** Asked for while another heartbeat was under way. */
  #isDue = false
  #isEnded = false

  constructor(options: GroupReaderOptions) {
    this.#options = options
    this.#memberId = randomUuid(options.calls.services.random)
    this.#cursors = options.subscribe.cursors ?? []
  }

  async start(): Promise<void> {
    await this.#options.calls.ensureGroups()
    this.#heartbeat()
  }

  /** Leaves the group; a member that has a name of its own (static membership) keeps its place for a while. */
  async end(): Promise<void> {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#timer?.cancel()
    this.#releaseTimer?.cancel()
    if (this.#membership.isJoining) return
    const memberEpoch = this.#options.subscribe.instance === undefined ? leavingEpoch : leavingForNowEpoch
    await this.#options.calls.heartbeat({ ...this.#member, ...this.#traits, memberEpoch, owned: null, topics: null })
  }

  released(places: readonly Place[]): void {
    const { image } = this.#options.calls.services.cluster
    const known = places.map(({ topic, partition }) => ({ topicId: image.topics.get(topic)?.id ?? '', partition }))
    this.#do(this.#membership.released(known))
  }

  /** An error code. */
  commit(cursors: readonly Cursor[]): Promise<number> {
    return this.#options.calls.commit(this.#member, cursors)
  }

  get #member(): GroupMember {
    return { groupId: this.#options.subscribe.group, memberId: this.#memberId, memberEpoch: this.#membership.epoch }
  }

  get #traits() {
    return { instanceId: this.#options.subscribe.instance ?? null, rebalanceTimeoutMs }
  }

  #heartbeat(): void {
    if (this.#isEnded) return
    if (this.#isAsking) {
      this.#isDue = true
      return
    }
    this.#isAsking = true
    this.#timer?.cancel()
    void this.#ask()
  }

  async #ask(): Promise<void> {
    const membership = this.#membership
    const topics = membership.isJoining ? (this.#options.subscribe.topics ?? []) : null
    const answer = await this.#options.calls.heartbeat({ ...this.#member, ...this.#traits, topics, owned: membership.toReport })
    this.#isAsking = false
    if (this.#isEnded) return
    this.#do(membership.answered(answer))
    if (this.#isDue) {
      this.#isDue = false
      this.#heartbeat()
    }
  }

  #do(effects: readonly MembershipEffect[]): void {
    const { clock } = this.#options.calls.services
    for (const effect of effects) {
      switch (effect.type) {
        case 'heartbeat':
          this.#timer?.cancel()
          if (effect.afterMs === 0) this.#heartbeat()
          else this.#timer = clock.after(effect.afterMs, () => this.#heartbeat())
          break
        case 'assign':
          void this.#assign(effect.partitions)
          break
        case 'revoke':
          this.#revoke(effect.partitions, effect.isLost)
          break
        case 'fail':
          this.#isEnded = true
          this.#options.send(this.#failure(effect.code, effect.message))
          this.#options.ended()
          break
        default:
          effect satisfies never
      }
    }
  }

  #failure(code: number, message: string | null): ServerMessage {
    const words = wordsOf(code)
    return { type: 'error', subscription: this.#options.subscribe.subscription, ...words, message: message ?? words.message }
  }

  #revoke(partitions: readonly TopicPartition[], isLost: boolean): void {
    const { subscription, send, calls } = this.#options
    const places = this.#placesOf(partitions).map(({ topic, index }) => ({ topic, partition: index }))
    subscription.drop(places)
    send({ type: 'revoked', subscription: subscription.id, partitions: places })
    this.#releaseTimer?.cancel()
    if (!isLost)
      this.#releaseTimer = calls.services.clock.after(releaseMillisMax, () =>
        this.#do(this.#membership.released(this.#membership.revoking)),
      )
    // Of topics that are gone nothing can be released.
    if (places.length < partitions.length)
      this.#do(this.#membership.released(partitions.filter((place) => this.#placesOf([place]).length === 0)))
  }

  #placesOf(partitions: readonly TopicPartition[]): Partition[] {
    const { cluster, replicas } = this.#options.calls.services
    return partitions.flatMap(({ topicId, partition }) => replicas.get(cluster.image.topicName(topicId) ?? '', partition) ?? [])
  }

  async #assign(given: readonly TopicPartition[]): Promise<void> {
    const { subscription, send, startOf } = this.#options
    const partitions = this.#placesOf(given)
    const places = partitions.map(({ topic, index }) => ({ topic, partition: index }))
    const { code, cursors } = await this.#committed(places)
    if (code !== ErrorCode.NONE) {
      if (this.#isEnded) return
      send(this.#failure(code, null))
      this.#options.ended()
      return void this.end()
    }
    const starts: { partition: Partition; offset: number }[] = []
    for (const partition of partitions) {
      const place = { topic: partition.topic, partition: partition.index }
      const committed = offsetIn(cursors, place)
      const own = offsetIn(this.#cursors, place)
      const start = committed < 0 && own < 0 ? await startOf(place) : { code: ErrorCode.NONE, offset: Math.max(committed, own) }
      if (start.code === ErrorCode.NONE) starts.push({ partition, offset: start.offset })
      else send({ type: 'error', subscription: subscription.id, ...place, ...wordsOf(start.code) })
    }
    if (this.#isEnded) return
    // Some may have been revoked while their offsets were looked up.
    const kept = starts.filter(({ partition }) => this.#membership.owns({ topicId: partition.topicId, partition: partition.index }))
    if (kept.length === 0) return
    send({
      type: 'assigned',
      subscription: subscription.id,
      partitions: kept.map(({ partition: { topic, index }, offset }) => ({ topic, partition: index, offset })),
    })
    subscription.add(kept)
  }

  /** An open transaction may be about to change what is committed; a coordinator may be loading: both pass. */
  async #committed(places: readonly Place[]): Promise<{ code: number; cursors: Cursor[] }> {
    const { clock } = this.#options.calls.services
    for (;;) {
      const { groupId } = this.#member
      const committed = await this.#options.calls.committed(
        { groupId, memberId: this.#memberId, memberEpoch: this.#membership.epoch },
        places,
      )
      const passes =
        committed.code === ErrorCode.UNSTABLE_OFFSET_COMMIT ||
        committed.code === ErrorCode.STALE_MEMBER_EPOCH ||
        wordsOf(committed.code).retriable
      if (committed.code === ErrorCode.NONE || !passes || this.#isEnded) return committed
      await new Promise<void>((resolve) => void clock.after(100, resolve))
    }
  }
}

function offsetIn(cursors: readonly Cursor[], { topic, partition }: Place): number {
  return cursors.find((cursor) => cursor.topic === topic && cursor.partition === partition)?.offset ?? -1
}
