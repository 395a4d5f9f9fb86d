/**
 * Reads topics over a stream: an async iterable of records, or of batches as they come.
 * Owns: the cursor of each partition, what has come and waits to be read, and its bound: the broker is granted only what there is room for.
 * Invariants: over any number of connections each record is given out once, in its partition's order; what was given out can be committed, and nothing else.
 */
import type { ConsumedRecord } from '../consumer/consumed.ts'
import { ClientError } from '../network/client-error.ts'
import type { ClientMessageOf, Cursor, From, Place } from '../protocol/stream/client-messages.ts'
import type { ServerMessage, ServerMessageOf, StreamedRecord } from '../protocol/stream/server-messages.ts'
import { bytes, type Serde } from '../serde/serde.ts'
import { errorOfMessage, type Link, type Speaker } from './link.ts'
import { storedRecords } from './stored-batches.ts'
import { Window } from './window.ts'

export type StreamRecord<K, V> = ConsumedRecord<K, V>

export interface StreamBatch<K, V> {
  readonly topic: string
  readonly partition: number
  readonly records: StreamRecord<K, V>[]
}

export interface StreamConsumerOptions<K, V> {
  readonly topics?: readonly string[]
  /** Instead of whole topics. */
  readonly partitions?: readonly Place[]
  readonly group?: string
  readonly instanceId?: string
  /** `end`, unless told. Of a group: where nothing is committed. */
  readonly from?: From
  /** Partitions that begin elsewhere: `cursors()` of a consumer that was. */
  readonly cursors?: readonly Cursor[]
  readonly key?: Pick<Serde<K>, 'decode'>
  readonly value?: Pick<Serde<V>, 'decode'>
  /** Only records with one of these keys. */
  readonly keys?: readonly Uint8Array[]
  /** `committed` leaves out what belongs to transactions that are open or were aborted. */
  readonly isolation?: 'committed' | 'uncommitted'
  /** In a group: true is every five seconds, and at the end. A record, or a batch, is done when the next one is asked for. */
  readonly autoCommit?: boolean | { readonly everyMs: number }
  /** The most that may have come and not been read. */
  readonly maxBytes?: number
  readonly signal?: AbortSignal
  readonly onAssigned?: (partitions: readonly Cursor[]) => void
  readonly onRevoked?: (partitions: readonly Place[]) => void
}

const defaultMaxBytes = 1024 * 1024
const autoCommitMs = 5000
const recordBytes = 16

interface Arrived {
  readonly topic: string
  readonly partition: number
  readonly records: readonly StreamedRecord[]
  readonly next: number
  readonly bytes: number
}

export class StreamConsumer<K = Uint8Array | null, V = Uint8Array | null> implements Speaker {
  readonly #link: Link
  readonly #options: StreamConsumerOptions<K, V> & { readonly onClosed?: () => void }
  readonly #decodeKey: (bytes: Uint8Array | null) => K
  readonly #decodeValue: (bytes: Uint8Array | null) => V
  readonly #window: Window
  /** After what has come, by partition. */
  readonly #cursors = new Map<string, Cursor>()
  /** After what has been given out. */
  readonly #read = new Map<string, Cursor>()
  /** After what is done: a record is when the next one is asked for. */
  readonly #done = new Map<string, Cursor>()
  readonly #committed = new Map<string, number>()
  /** In a group: what it has given to this connection. Cursors of others are kept for the case that they come back. */
  readonly #assigned = new Set<string>()
  #arrived: Arrived[] = []
  #subscription = 0
  /** By partition: ends when what has come of it is given up, a message that is just being read with it. */
  readonly #stays = new Map<string, object>()
  #isPaused = false
  #wake: (() => void) | undefined
  #failure: ClientError | undefined
  #isClosed = false
  #isAborted = false
  #cancelCommits: (() => void) | undefined

  constructor(link: Link, options: StreamConsumerOptions<K, V> & { readonly onClosed?: () => void }) {
    this.#link = link
    this.#options = options
    const { key = bytes, value = bytes } = options as { key?: Pick<Serde<unknown>, 'decode'>; value?: Pick<Serde<unknown>, 'decode'> }
    this.#decodeKey = (given) => key.decode(given) as K
    this.#decodeValue = (given) => value.decode(given) as V
    this.#window = new Window(options.maxBytes ?? defaultMaxBytes)
    for (const cursor of options.cursors ?? []) this.#cursors.set(keyOf(cursor), cursor)
    options.signal?.addEventListener('abort', this.#abort, { once: true })
    if (options.signal?.aborted) this.#isAborted = this.#isClosed = true
    else link.attach(this)
    if (options.group !== undefined && options.autoCommit !== false) this.#commitEvery(options.autoCommit)
  }

  get subscription(): number {
    return this.#subscription
  }

  // The link's side.

  opened(): void {
    const { topics, partitions, group, instanceId, from, keys, isolation = 'uncommitted' } = this.#options
    this.#subscription = this.#link.nextSubscription()
    this.#window.reset()
    const credit = this.#window.grant()
    const subscribe: ClientMessageOf<'subscribe'> = {
      type: 'subscribe',
      subscription: this.#subscription,
      ...(topics && { topics: [...topics] }),
      ...(partitions && { partitions: [...partitions] }),
      ...(group !== undefined && { group }),
      ...(instanceId !== undefined && { instance: instanceId }),
      ...(from !== undefined && { from }),
      ...(keys && { keys: [...keys] }),
      isolation,
      cursors: [...this.#cursors.values()],
      ...(credit > 0 && { credit: { bytes: credit } }),
    }
    this.#link.say(subscribe)
    if (this.#isPaused) this.#link.say({ type: 'pause', subscription: this.#subscription })
  }

  lost(): void {
    this.#subscription = 0
    if (this.#options.group === undefined) return
    this.#assigned.clear()
    // Others may be given the partitions meanwhile: what has come and was not read is theirs.
    this.#dropToCursors()
  }

  /** Gives up what has come and was not given out; it comes again from there on. */
  #dropToCursors(): void {
    for (const cursor of this.cursors()) this.#cursors.set(keyOf(cursor), cursor)
    this.#stays.clear()
    for (const { bytes: size } of this.#arrived) this.#window.read(size)
    this.#arrived = []
  }

  failed(error: ClientError): void {
    this.#failure ??= error
    this.#wake?.()
  }

  heard(message: ServerMessage): void {
    switch (message.type) {
      case 'records':
        return this.#take(
          message,
          message.records,
          message.next,
          message.records.reduce((sum, record) => sum + sizeOf(record), 0),
        )
      case 'batches':
        return this.#takeStored(message)
      case 'subscribed':
        for (const cursor of message.partitions) this.#cursors.set(keyOf(cursor), cursor)
        return
      case 'assigned':
        for (const cursor of message.partitions) {
          this.#assigned.add(keyOf(cursor))
          this.#stays.set(keyOf(cursor), {})
          this.#cursors.set(keyOf(cursor), cursor)
          this.#read.delete(keyOf(cursor))
          this.#done.delete(keyOf(cursor))
        }
        return this.#options.onAssigned?.(message.partitions)
      case 'revoked':
        return void this.#revoked(message.partitions)
      case 'starved':
        return this.#grant(this.#window.grantFor(message.bytes))
      case 'error':
        return this.failed(errorOfMessage(message))
      default:
        return
    }
  }

  #take(place: Place, records: readonly StreamedRecord[], next: number, size: number): void {
    const { topic, partition } = place
    this.#window.arrived(size)
    this.#cursors.set(keyOf(place), { topic, partition, offset: next })
    this.#arrived.push({ topic, partition, records, next, bytes: size })
    this.#wake?.()
  }

  #takeStored(message: ServerMessageOf<'batches'>): void {
    const { batches, first, next } = message
    try {
      this.#take(message, storedRecords(batches, first), next, batches.length)
    } catch (cause) {
      const { topic, partition } = message
      this.failed(
        new ClientError('MALFORMED_RESPONSE', `cannot read ${topic}-${partition} at offset ${first}: ${String(cause)}`, {
          topic,
          partition,
          cause,
        }),
      )
    }
  }

  async #revoked(partitions: readonly Place[]): Promise<void> {
    const gone = new Set(partitions.map(keyOf))
    const subscription = this.#subscription
    for (const key of gone) this.#stays.delete(key)
    for (const one of this.#arrived) if (gone.has(keyOf(one))) this.#window.read(one.bytes)
    this.#arrived = this.#arrived.filter((one) => !gone.has(keyOf(one)))
    this.#grant(this.#window.grant())
    this.#options.onRevoked?.(partitions)
    if (this.#options.autoCommit !== false) await this.#commitDone()
    // Another connection has its own idea of what is here; and what was lost may have been given again meanwhile.
    if (subscription !== this.#subscription) return
    for (const key of gone) {
      if (this.#stays.has(key)) continue
      this.#assigned.delete(key)
      this.#cursors.delete(key)
      this.#read.delete(key)
      this.#done.delete(key)
      this.#committed.delete(key)
    }
    this.#link.say({ type: 'release', subscription, partitions: [...partitions] })
  }

  #grant(credit: number): void {
    if (credit > 0 && this.#subscription > 0) this.#link.say({ type: 'credit', subscription: this.#subscription, bytes: credit })
  }

  // The reader's side.

  async *[Symbol.asyncIterator](): AsyncGenerator<StreamRecord<K, V>> {
    for await (const { records, topic, partition } of this.#messages()) {
      const key = keyOf({ topic, partition })
      const stay = this.#stay(key)
      for (const record of records) {
        // Sought away from, or taken away, while the reader was busy.
        if (this.#stays.get(key) !== stay || this.#isClosed) break
        const after = { topic, partition, offset: record.offset + 1 }
        this.#read.set(key, after)
        yield this.#decoded(topic, partition, record)
        if (this.#stays.get(key) === stay) this.#done.set(key, after)
      }
    }
  }

  async *batches(): AsyncGenerator<StreamBatch<K, V>> {
    for await (const { records, topic, partition, next } of this.#messages()) {
      const key = keyOf({ topic, partition })
      const stay = this.#stay(key)
      const after = { topic, partition, offset: next }
      this.#read.set(key, after)
      if (records.length > 0) yield { topic, partition, records: records.map((record) => this.#decoded(topic, partition, record)) }
      if (this.#stays.get(key) === stay) this.#done.set(key, after)
    }
  }

  #stay(key: string): object {
    const stay = this.#stays.get(key) ?? {}
    this.#stays.set(key, stay)
    return stay
  }

  async *#messages(): AsyncGenerator<Arrived> {
    for (;;) {
      if (this.#isAborted) throw new ClientError('ABORTED', 'aborted by its signal', { cause: this.#options.signal?.reason })
      if (this.#isClosed) return
      const next = this.#arrived.shift()
      if (next) {
        this.#window.read(next.bytes)
        this.#grant(this.#window.grant())
        yield next
        continue
      }
      if (this.#failure) throw this.#failure
      await new Promise<void>((resolve) => (this.#wake = resolve))
      this.#wake = undefined
    }
  }

  #decoded(topic: string, partition: number, { offset, timestamp, key, value, headers = [] }: StreamedRecord): StreamRecord<K, V> {
    try {
      return { topic, partition, offset, timestamp, key: this.#decodeKey(key), value: this.#decodeValue(value), headers }
    } catch (cause) {
      throw new ClientError('UNDECODABLE_RECORD', `cannot decode the record at ${topic}-${partition}@${offset}: ${String(cause)}`, {
        topic,
        partition,
        cause,
      })
    }
  }

  /** Where another consumer goes on with what this one has not given out: its `cursors`. */
  cursors(): Cursor[] {
    return [...this.#cursors].map(([key, cursor]) => this.#read.get(key) ?? this.#firstHeld(cursor))
  }

  /** The offset of the next record that is given out; undefined of a partition that is not read here. */
  position({ topic, partition }: Place): number | undefined {
    return this.cursors().find((cursor) => cursor.topic === topic && cursor.partition === partition)?.offset
  }

  /** What is read. */
  assignment(): Place[] {
    const own = [...this.#cursors.values()].filter((cursor) => this.#options.group === undefined || this.#assigned.has(keyOf(cursor)))
    return own.map(({ topic, partition }) => ({ topic, partition }))
  }

  #firstHeld(cursor: Cursor): Cursor {
    const held = this.#arrived.find((one) => keyOf(one) === keyOf(cursor))
    return held ? { ...cursor, offset: held.records[0]?.offset ?? held.next } : cursor
  }

  pause(): void {
    this.#isPaused = true
    if (this.#subscription > 0) this.#link.say({ type: 'pause', subscription: this.#subscription })
  }

  resume(): void {
    this.#isPaused = false
    if (this.#subscription > 0) this.#link.say({ type: 'resume', subscription: this.#subscription })
  }

  /** Goes on there: at an offset, or at the partition's beginning or end. */
  seek({ topic, partition }: Place, to: number | 'beginning' | 'end'): void {
    const offset = to === 'beginning' ? 0 : to === 'end' ? Number.MAX_SAFE_INTEGER : to
    const cursor = { topic, partition, offset }
    this.#dropToCursors()
    this.#cursors.set(keyOf(cursor), cursor)
    this.#read.delete(keyOf(cursor))
    if (this.#subscription === 0) return
    this.#link.say({ type: 'unsubscribe', subscription: this.#subscription })
    this.opened()
  }

  /** Into the group: these, or else all that was given out, the record in hand too. Rejects with a ClientError where the group does not take it. */
  commit(offsets?: readonly Cursor[]): Promise<void> {
    return this.#commit(offsets ?? this.#uncommitted(this.#read))
  }

  /** As it does by itself. */
  #commitDone(): Promise<void> {
    // Of a connection that breaks meanwhile, the next time tells.
    return this.#commit(this.#uncommitted(this.#done)).catch(() => undefined)
  }

  async #commit(cursors: readonly Cursor[]): Promise<void> {
    if (cursors.length === 0) return
    await this.#link.ask({ type: 'commit', subscription: this.#subscription, cursors: [...cursors] })
    for (const cursor of cursors) this.#committed.set(keyOf(cursor), cursor.offset)
  }

  #uncommitted(reached: ReadonlyMap<string, Cursor>): Cursor[] {
    // What another member may have by now is not this one's to commit: that would take the group back.
    const isNews = ([key, { offset }]: [string, Cursor]) => this.#assigned.has(key) && this.#committed.get(key) !== offset
    return [...reached].filter(isNews).map(([, cursor]) => cursor)
  }

  #commitEvery(asked: StreamConsumerOptions<K, V>['autoCommit']): void {
    const everyMs = typeof asked === 'object' ? asked.everyMs : autoCommitMs
    this.#cancelCommits = this.#link.options.platform.after(everyMs, () => {
      void this.#commitDone()
      this.#commitEvery(asked)
    })
  }

  readonly #abort = (): void => {
    this.#isAborted = true
    void this.close()
  }

  /** Commits where it does so by itself, and ends; whoever iterates is done. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#options.signal?.removeEventListener('abort', this.#abort)
    this.#cancelCommits?.()
    this.#wake?.()
    const subscription = this.#subscription
    if (subscription > 0) {
      if (this.#options.group !== undefined && this.#options.autoCommit !== false) await this.#commitDone()
      this.#link.say({ type: 'unsubscribe', subscription })
    }
    this.#link.detach(this)
    this.#arrived = []
    this.#options.onClosed?.()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

function keyOf({ topic, partition }: Place): string {
  return `${partition}/${topic}`
}

/** As the broker counts. */
function sizeOf({ key, value, headers }: StreamedRecord): number {
  let size = recordBytes + (key?.length ?? 0) + (value?.length ?? 0)
  if (headers) for (const [name, content] of headers) size += utf8Bytes(name) + (content?.length ?? 0)
  return size
}

const encoder = new TextEncoder()

function utf8Bytes(name: string): number {
  return encoder.encode(name).length
}
