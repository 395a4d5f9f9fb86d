/**
 * One stream: the socket on one side, the broker's parts on the other, and its session between them, which decides.
 * Owns: the subscriptions and what is under way for them. Never: decides what a message means (the session's), or what a record is.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { type ClientMessage, clientMessages, type ClientMessageOf, codecs } from '../../client/protocol/stream/client-messages.ts'
import { CloseCode } from '../../client/protocol/stream/close-codes.ts'
import { subprotocols } from '../../client/protocol/stream/endpoint.ts'
import { decodeJson, encodeJson } from '../../client/protocol/stream/json.ts'
import { decodeMsgpack, encodeMsgpack } from '../../client/protocol/stream/msgpack.ts'
import type { ServerMessage } from '../../client/protocol/stream/server-messages.ts'
import { BadMessage, readMessage } from '../../client/protocol/stream/shape.ts'
import type { Services } from '../api/services.ts'
import type { Logger } from '../metrics/logger.ts'
import type { Millis } from '../platform/clock.ts'
import type { WebSocketHandler, WebSocketPeer } from '../platform/web-socket.ts'
import { ApiCalls, type Caller } from './api-calls.ts'
import { GroupReader } from './group-reader.ts'
import { openingOf, startOf } from './opening.ts'
import { wordsOf } from './partition-reader.ts'
import { publish } from './publishing.ts'
import type { RecordWriter } from './record-writer.ts'
import type { Rounds } from './rounds.ts'
import type { Asked, Session, SessionEffect, SessionInput } from './session.ts'
import type { SharedFrames } from './shared-frames.ts'
import { type Outlet, Subscription } from './subscription.ts'

/** What all streams of a gateway share. */
export interface Common {
  readonly services: Services
  readonly logger: Logger
  readonly rounds: Rounds
  readonly shared: SharedFrames
  readonly writers: Readonly<Record<'msgpack' | 'json', RecordWriter>>
  readonly counts: StreamCounts
  /** `stele.stream.buffer.bytes`, looked up now and then. */
  bufferBytes: number
  /** Who may come in: the principal, or why not. */
  authenticate(token: string | undefined, peer: string): Promise<{ principal: string } | { refused: string }>
  gone(connection: StreamConnection): void
}

export interface StreamCounts {
  records: number
  messages: number
  bytes: number
  published: number
  closed: Map<number, number>
}

interface Open {
  readonly subscribe: ClientMessageOf<'subscribe'>
  readonly subscription: Subscription
  member: GroupReader | undefined
}

const noCodecs: ReadonlySet<number> = new Set()
/** One set for all who decode the same: there are as many as there are sets of codecs. */
const codecSets = new Map<string, ReadonlySet<number>>()

function codecSetOf(names: readonly (typeof codecs)[number][]): ReadonlySet<number> {
  const ids = [...new Set(names)].map((name) => codecs.indexOf(name)).sort((a, b) => a - b)
  const key = ids.join()
  let set = codecSets.get(key)
  if (!set) codecSets.set(key, (set = new Set(ids)))
  return set
}

/** Control messages wait for nobody; a client that reads none of its answers is cut off. */
const controlBacklogFactor = 8

export class StreamConnection implements WebSocketHandler, Outlet {
  readonly #common: Common
  readonly #peer: WebSocketPeer
  readonly #address: string
  readonly #session: Session
  readonly #isText: boolean
  readonly #connectionId: number
  readonly #open = new Map<number, Open>()
  #calls: ApiCalls | undefined
  #decodes: ReadonlySet<number> = noCodecs
  #isGone = false

  constructor(
    common: Common,
    peer: WebSocketPeer,
    detail: { address: string; subprotocol: string; connectionId: number; session: Session },
  ) {
    this.#common = common
    this.#peer = peer
    this.#address = detail.address
    this.#session = detail.session
    this.#isText = detail.subprotocol === subprotocols.json
    this.#connectionId = detail.connectionId
  }

  // The socket's side.

  message(frame: Uint8Array | string): void {
    if (this.#session.isClosed) return
    if ((typeof frame === 'string') !== this.#isText) {
      const why = this.#isText ? 'stele.v1.json is spoken in text frames' : 'stele.v1.msgpack is spoken in binary frames'
      return this.#step({ type: 'unsupported', why })
    }
    try {
      const value = typeof frame === 'string' ? decodeJson(frame) : decodeMsgpack(frame)
      this.#step({ type: 'message', message: readMessage(clientMessages, value) as ClientMessage })
    } catch (error) {
      if (!(error instanceof BadMessage)) throw error
      this.#step({ type: 'malformed', why: error.message })
    }
  }

  heard(): void {
    this.#step({ type: 'heard' })
  }

  drained(): void {
    for (const { subscription } of this.#open.values()) subscription.wake()
  }

  closed(): void {
    if (this.#isGone) return
    this.#isGone = true
    for (const id of this.#open.keys()) this.#end(id)
    this.#common.gone(this)
  }

  // The gateway's.

  /** Looked at all the time, and mostly in vain: makes nothing where nothing is due. */
  tick(now: Millis): void {
    if (now >= this.#session.dueAt) this.#step({ type: 'tick' })
  }

  close(code: CloseCode, reason: string): void {
    this.#step({ type: 'shut', code, why: reason })
  }

  /** A topic came, went or grew: whole topics are read with the partitions that they get later, from their beginning. */
  topicChanged(topic: string): void {
    for (const { subscribe, subscription } of this.#open.values()) {
      if (subscribe.group !== undefined || !subscribe.topics?.includes(topic)) continue
      const { replicas } = this.#common.services
      const known = new Set(subscription.partitions)
      const starts = []
      for (let index = 0; index < replicas.partitionCount(topic); index++) {
        const partition = replicas.get(topic, index)
        if (partition && !known.has(partition)) starts.push({ partition, offset: partition.log.startOffset })
      }
      if (starts.length > 0) subscription.add(starts)
    }
  }

  // Its subscriptions' side.

  get isFull(): boolean {
    return this.#isGone || this.#session.isClosed || this.#peer.unsentBytes >= this.#common.bufferBytes
  }

  sendFrame(frame: Buffer, records: number): void {
    const { counts } = this.#common
    counts.records += records
    counts.messages++
    counts.bytes += frame.length
    this.#peer.sendFrame(frame)
  }

  send(message: ServerMessage): void {
    if (this.#isGone || this.#session.isClosed) return
    if (this.#peer.unsentBytes > this.#common.bufferBytes * controlBacklogFactor)
      return this.close(CloseCode.TOO_MANY_REQUESTS, 'answers are not read')
    this.#peer.send(this.#isText ? encodeJson(message) : encodeMsgpack(message))
  }

  reads(subscription: number, partitions: number): void {
    this.#step({ type: 'reads', subscription, partitions })
  }

  #step(input: SessionInput): void {
    for (const effect of this.#session.step(input, this.#common.services.clock.monotonic())) this.#do(effect)
  }

  #do(effect: SessionEffect): void {
    switch (effect.type) {
      case 'send':
        return this.send(effect.message)
      case 'close':
        return this.#close(effect.code, effect.reason)
      case 'authenticate':
        return this.#watched(this.#authenticate(effect.hello))
      case 'open':
        return this.#watched(this.#begin(effect.subscribe))
      case 'tell':
        return this.#tell(effect.message)
      case 'end':
        return this.#end(effect.subscription)
      case 'ask':
        return this.#watched(this.#ask(effect.asked))
      default:
        return effect satisfies never
    }
  }

  /** What fails here is a mistake of ours: the stream ends, and the broker goes on. */
  #watched(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#common.logger.error({ err: error }, 'A stream met a mistake in stele itself, and was closed')
      this.close(CloseCode.INTERNAL_ERROR, 'a mistake in the broker')
    })
  }

  #close(code: CloseCode, reason: string): void {
    const { closed } = this.#common.counts
    closed.set(code, (closed.get(code) ?? 0) + 1)
    this.#peer.close(code, reason)
    for (const id of this.#open.keys()) this.#end(id)
  }

  async #authenticate({ token, client = '', decodes = [] }: ClientMessageOf<'hello'>): Promise<void> {
    const decision = await this.#common.authenticate(token, this.#address)
    if ('refused' in decision) return this.#step({ type: 'unauthorized', why: decision.refused })
    const caller: Caller = { clientId: client, principal: decision.principal, host: this.#address, connectionId: this.#connectionId }
    this.#calls = new ApiCalls(this.#common.services, caller)
    this.#decodes = codecSetOf(decodes)
    return this.#step({ type: 'authenticated' })
  }

  async #begin(subscribe: ClientMessageOf<'subscribe'>): Promise<void> {
    const calls = this.#calls as ApiCalls
    const { subscription: id, credit, group } = subscribe
    const subscription = this.#subscription(subscribe)
    const open: Open = { subscribe, subscription, member: undefined }
    this.#open.set(id, open)
    if (credit) this.#grant(open, credit)
    const starts = group === undefined ? await openingOf(calls, subscribe) : []
    // Ended, or the connection with it, while it was being looked up.
    if (this.#open.get(id) !== open) return
    if (!Array.isArray(starts)) {
      this.send({ type: 'error', subscription: id, ...starts.place, ...wordsOf(starts.code) })
      this.#forget(id)
      return
    }
    const partitions = starts.map(({ partition: { topic, index }, offset }) => ({ topic, partition: index, offset }))
    this.send({ type: 'subscribed', subscription: id, partitions })
    if (group === undefined) return subscription.add(starts)
    open.member = this.#member(open, group)
    await open.member.start()
  }

  #member({ subscribe, subscription }: Open, group: string): GroupReader {
    const calls = this.#calls as ApiCalls
    return new GroupReader({
      calls,
      subscribe: { ...subscribe, group },
      subscription,
      send: (message) => this.send(message),
      startOf: (place) => startOf(calls, subscribe, place),
      ended: () => this.#forget(subscription.id),
    })
  }

  #subscription({ subscription, isolation, keys }: ClientMessageOf<'subscribe'>): Subscription {
    const { shared, writers, rounds } = this.#common
    const committedOnly = isolation !== 'uncommitted'
    const decodes = [...this.#decodes].join()
    const wanted = keys && new Set(keys.map((key) => Buffer.from(key).toString('latin1')))
    const reading = {
      subscription,
      committedOnly,
      wants: wanted && { has: (key: Buffer | null) => key !== null && wanted.has(key.toString('latin1')) },
      decodes: this.#decodes,
      variant: shared.variant(`${this.#isText ? 'json' : 'msgpack'}/${subscription}/${committedOnly}/${decodes}`),
      writer: this.#isText ? writers.json : writers.msgpack,
      shared,
    }
    return new Subscription(reading, this, rounds)
  }

  #grant({ subscription }: Open, credit: { records?: number; bytes?: number }): void {
    if (!subscription.grant(credit)) this.close(CloseCode.TOO_MUCH_CREDIT, 'credit beyond 2^40')
  }

  #tell(message: ClientMessageOf<'credit' | 'pause' | 'resume' | 'release'>): void {
    const open = this.#open.get(message.subscription)
    if (!open) return
    switch (message.type) {
      case 'credit':
        return this.#grant(open, message)
      case 'pause':
        return open.subscription.pause()
      case 'resume':
        return open.subscription.resume()
      case 'release':
        return open.member?.released(message.partitions)
      default:
        return message satisfies never
    }
  }

  /** It ended by itself. */
  #forget(id: number): void {
    this.#end(id)
    this.#step({ type: 'ended', subscription: id })
  }

  #end(id: number): void {
    const open = this.#open.get(id)
    if (!open) return
    this.#open.delete(id)
    open.subscription.end()
    if (open.member) this.#watched(open.member.end())
  }

  async #ask(asked: Asked): Promise<void> {
    const answer = await this.#answer(asked)
    this.#step({ type: 'answered', asked })
    this.send(answer)
  }

  async #answer(asked: Asked): Promise<ServerMessage> {
    const calls = this.#calls as ApiCalls
    const { request } = asked
    switch (asked.type) {
      case 'publish': {
        const answer = await publish(calls, asked)
        if (answer.type === 'published') this.#common.counts.published += asked.records.length
        return answer
      }
      case 'identify': {
        const identity = await calls.identify()
        return identity
          ? { type: 'identity', request, ...identity }
          : { type: 'error', request, ...wordsOf(ErrorCode.COORDINATOR_NOT_AVAILABLE) }
      }
      case 'commit': {
        const member = this.#open.get(asked.subscription)?.member
        if (!member) return { type: 'error', request, ...wordsOf(ErrorCode.UNKNOWN_MEMBER_ID) }
        const code = await member.commit(asked.cursors)
        return code === ErrorCode.NONE ? { type: 'committed', request } : { type: 'error', request, ...wordsOf(code) }
      }
      case 'topics':
        return { type: 'topics', request, topics: this.#topics(asked.names) }
      default:
        return asked satisfies never
    }
  }

  #topics(names: readonly string[] | undefined): { name: string; partitions: number; internal: boolean }[] {
    const { replicas, cluster } = this.#common.services
    const known = names ?? [...cluster.image.topics.keys()].sort()
    return known.flatMap((name) => {
      const partitions = replicas.partitionCount(name)
      return partitions === 0 ? [] : { name, partitions, internal: replicas.get(name, 0)?.isInternal ?? false }
    })
  }
}
