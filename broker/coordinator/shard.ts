/**
 * One partition of an internal topic, with the state machine whose state its records are: plan, append, apply, answer.
 * Owns: loading, the batch of a turn, who waits for what to be committed, the machine's timers. Never: knows what the records mean.
 * Invariants: records are applied in the order of the log, each once; an answer leaves only when all that was appended before it was
 * given is committed, so none rests on what could still be lost; of a turn all records are in the log, or none.
 * It serves one epoch of leadership. What fails it (the disk, a record that cannot be read) ends it: who waits is told to look again.
 */
import assert from 'node:assert/strict'
import { ErrorCode } from '../../client/protocol/errors.ts'
import { DecodeError } from '../../client/protocol/malformed.ts'
import { buildBatch } from '../../client/records/builder.ts'
import type { Offset } from '../log/offset.ts'
import type { Logger } from '../metrics/logger.ts'
import type { Clock, Millis } from '../platform/clock.ts'
import { type EndOfTransaction, writeEndMarker } from '../replication/end-marker.ts'
import type { Partition } from '../replication/partition.ts'
import type { Replicas } from '../replication/replicas.ts'
import { CoordinatorError } from './coordinator-error.ts'
import { loadRecords } from './loading.ts'
import type { Parked, Placement, Producer, RecordCodec, StateMachine, Turn } from './state-machine.ts'
import { Timers } from './timers.ts'

export interface ShardOptions<R, M extends StateMachine<R>> {
  readonly partition: Partition
  readonly replicas: Replicas
  readonly machine: M
  readonly codec: RecordCodec<R>
  readonly clock: Clock
  readonly logger: Logger
  /** It came to an end by itself. */
  onFailed(): void
}

type Stage = 'loading' | 'active' | 'ended'

class ParkedRequest<A> implements Parked<A> {
  isAnswered = false
  readonly settle: (answer: A) => void
  readonly fail: (error: Error) => void

  constructor(settle: (answer: A) => void, fail: (error: Error) => void) {
    this.settle = settle
    this.fail = fail
  }
}

export class Shard<R, M extends StateMachine<R>> {
  readonly partition: Partition
  readonly leaderEpoch: number
  readonly machine: M
  readonly #replicas: Replicas
  readonly #codec: RecordCodec<R>
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #onFailed: () => void
  readonly #timers: Timers
  readonly #parked = new Set<{ fail(error: Error): void }>()
  #stage: Stage = 'loading'

  constructor({ partition, replicas, machine, codec, clock, logger, onFailed }: ShardOptions<R, M>) {
    this.partition = partition
    this.leaderEpoch = partition.leaderEpoch
    this.#replicas = replicas
    this.machine = machine
    this.#codec = codec
    this.#clock = clock
    this.#logger = logger
    this.#onFailed = onFailed
    this.#timers = new Timers(clock)
  }

  get stage(): Stage {
    return this.#stage
  }

  /** How many requests wait for an answer. */
  get parkedCount(): number {
    return this.#parked.size
  }

  /** Reads the log and applies all of it. Settles when the shard is active, or has come to its end. */
  async load(): Promise<void> {
    const began = this.#clock.monotonic()
    let records = 0
    try {
      const { log } = this.partition
      for await (const entry of loadRecords(log, log.endOffset)) {
        if (this.#stage !== 'loading') return
        if ('committed' in entry) this.machine.transactionEnded(entry, entry.committed)
        else {
          records++
          this.#applyStored(entry.key, entry.value, entry)
        }
      }
    } catch (error) {
      if (!(error instanceof DecodeError || error instanceof CoordinatorError)) throw error
      return this.#failed(error)
    }
    if (this.#stage !== 'loading') return
    this.#stage = 'active'
    const { topic, index } = this.partition
    const took = Math.round(this.#clock.monotonic() - began)
    if (records > 0) this.#logger.info({ topic, partition: index, records, millis: took }, 'Loaded the state of a coordinator')
    this.#turn((turn) => this.machine.loaded(turn))
  }

  #applyStored(key: Buffer | null, value: Buffer | null, placement: Placement): void {
    const record = key === null ? undefined : this.#codec.decode(key, value)
    if (record !== undefined) return this.machine.apply(record, placement)
    const { topic, index } = this.partition
    this.#logger.warn(
      { topic, partition: index, offset: placement.offset },
      'A record of a kind that this broker does not know is passed over',
    )
  }

  /**
   * One step of the machine, which answers in this turn or a later one (`turn.answer`).
   * Rejects with CoordinatorError: the shard is loading, has ended, or ends before the answer is given.
   */
  ask<A>(act: (turn: Turn<R>, request: Parked<A>) => void): Promise<A> {
    const error = this.#unavailable()
    if (error) return Promise.reject(error)
    return new Promise<A>((resolve, reject) => {
      const request = new ParkedRequest<A>(resolve, reject)
      this.#parked.add(request)
      try {
        this.#turn((turn) => act(turn, request))
      } catch (thrown) {
        this.#parked.delete(request)
        throw thrown
      }
    })
  }

  /** One step that answers at once, by what it returns. Without records it is a read, of nothing that could still be lost. */
  run<A>(act: (turn: Turn<R>) => A): Promise<A> {
    return this.ask<A>((turn, request) => turn.answer(request, act(turn)))
  }

  /** Writes the marker that ends a producer's transaction in this partition, and applies it. The error code, once committed. */
  endTransaction(end: EndOfTransaction): Promise<number> {
    if (this.#stage !== 'active' || !this.#isInOffice) return Promise.resolve(ErrorCode.NOT_LEADER_OR_FOLLOWER)
    return writeEndMarker(this.#replicas, this.partition, end, this.#clock.now(), () => this.machine.transactionEnded(end, end.committed))
  }

  /** Not served from here any more: nothing more is appended or answered, and who waits is told. */
  end(): void {
    if (this.#stage === 'ended') return
    this.#stage = 'ended'
    this.#timers.clear()
    const error = new CoordinatorError(ErrorCode.NOT_COORDINATOR)
    for (const request of this.#parked) request.fail(error)
    this.#parked.clear()
  }

  #unavailable(): CoordinatorError | undefined {
    switch (this.#stage) {
      case 'loading':
        return new CoordinatorError(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
      case 'ended':
        return new CoordinatorError(ErrorCode.NOT_COORDINATOR)
      default:
        return undefined
    }
  }

  #failed(error: Error): void {
    if (this.#stage === 'ended') return
    const { topic, index } = this.partition
    this.#logger.error(
      { topic, partition: index, error: error.message },
      'A coordinator has come to its end, and its partition must be loaded anew',
    )
    this.end()
    this.#onFailed()
  }

  #turn(act: (turn: Turn<R>) => void): void {
    const records: R[] = []
    const consequences: (() => void)[] = []
    let producer: Producer | undefined
    const now = this.#clock.now()
    const turn: Turn<R> = {
      now,
      monotonic: this.#clock.monotonic(),
      append: (record) => void records.push(record),
      inTransactionOf: (of) => void (producer = of),
      whenCommitted: (consequence) => void consequences.push(consequence),
      answer: (request, answer) => void consequences.push(() => this.#answer(request as ParkedRequest<typeof answer>, answer)),
      schedule: (key, delay, expired) => this.#timers.schedule(key, delay, () => this.#turn(expired)),
      cancel: (key) => this.#timers.cancel(key),
    }
    act(turn)
    if (this.#stage !== 'active') return
    if (records.length > 0 && !this.#appendRecords(records, producer, now)) return
    if (consequences.length > 0) this.#afterCommit(consequences)
  }

  #answer<A>(request: ParkedRequest<A>, answer: A): void {
    assert(!request.isAnswered, 'a request is answered once')
    request.isAnswered = true
    this.#parked.delete(request)
    request.settle(answer)
  }

  #appendRecords(records: readonly R[], producer: Producer | undefined, now: Millis): boolean {
    const encoded = records.map((record) => ({ timestamp: now, ...this.#codec.encode(record) }))
    const batch = buildBatch({ records: encoded, ...(producer && { ...producer, isTransactional: true }) })
    const appended = this.#append(batch, now)
    if ('error' in appended) {
      // What the machine did in this turn has not happened: only the log knows what is true.
      this.#failed(new CoordinatorError(appended.error, appended.message))
      return false
    }
    const { producerId, producerEpoch } = producer ?? { producerId: -1, producerEpoch: -1 }
    let offset = appended.first
    for (const record of records) this.machine.apply(record, { offset: offset++, timestamp: now, producerId, producerEpoch })
    return true
  }

  /** No other epoch of leadership has begun. */
  get #isInOffice(): boolean {
    return this.partition.isLeader && this.partition.leaderEpoch === this.leaderEpoch
  }

  #append(batch: Buffer, now: Millis): { first: Offset } | { error: number; message: string } {
    const { log } = this.partition
    if (!this.#isInOffice) {
      return { error: ErrorCode.NOT_LEADER_OR_FOLLOWER, message: 'another epoch of leadership has begun' }
    }
    const result = log.append(batch, { leaderEpoch: this.leaderEpoch, now, retain: false, origin: 'coordinator' })
    return 'error' in result ? result : { first: result.firstOffset }
  }

  #afterCommit(consequences: readonly (() => void)[]): void {
    this.#replicas.whenCommitted(this.partition, this.partition.log.endOffset, (failed) => {
      if (this.#stage === 'ended') return
      if (failed) return this.#failed(failed)
      for (const consequence of consequences) consequence()
    })
  }
}
