/**
 * One partition's records on their way, in order, each once: at most five publishes unanswered, numbered as the log counts them.
 * Owns: the producer's identity in this partition, the next sequence number, what waits and what is under way. Never: a connection, or time.
 * Invariants: a number that may have been written is never given to other records: what is unanswered goes out again as it was, and a new identity
 * comes only once nothing is. A record is told delivered only when the broker said so.
 */
import { ClientError } from '../network/client-error.ts'
import type { PublishedRecord } from '../protocol/stream/client-messages.ts'
import type { ServerMessage } from '../protocol/stream/server-messages.ts'

export interface Identity {
  readonly id: number
  readonly epoch: number
}

export interface LaneRecord {
  readonly record: PublishedRecord
  readonly bytes: number
  /** When it is given up. */
  readonly deadline: number
  settle(offset: number | ClientError): void
}

export interface Publish {
  readonly records: readonly LaneRecord[]
  /** Once it has been sent: where the log counts it. */
  producer: { id: number; epoch: number; sequence: number } | undefined
  /** Counts the publishes of the identity. */
  nth: number
  /** It was sent, and may have been written. */
  isUnknown: boolean
}

/** Does what a lane decides, and tells it what came of it. */
export interface LaneShell {
  readonly isOpen: boolean
  /** Of records that go together. */
  readonly bytesMax: number
  identify(): Promise<Identity>
  publish(publish: Publish): Promise<ServerMessage>
  /** Calls back after a while. */
  later(act: () => void): void
}

const underWayMax = 5
const publishRecordsMax = 2000
const sequenceModulus = 2 ** 31
/** Certainly not written, because one before it was not. */
const followUpCode = 'OUT_OF_ORDER_SEQUENCE_NUMBER'

/** Of a batch; one record in it may be the cause, and the others would be taken. */
const tooLargeCode = 'MESSAGE_TOO_LARGE'

export class Lane {
  readonly #shell: LaneShell
  #waiting: LaneRecord[] = []
  /** To go out as they were, before anything new. */
  #again: Publish[] = []
  readonly #underWay: Publish[] = []
  #identity: Identity | undefined
  #sequence = 0
  /** How many publishes the identity has had. */
  #count = 0
  /** The log has a batch of this identity. Of one that it has not, it would take any number for the first: nothing goes out behind that one. */
  #isKnown = false
  #isIdentifying = false
  #isResting = false
  /** Something was refused or lost: nothing new goes out until all that is under way has an answer. */
  #isTroubled = false
  /** Numbers were given out that are not used: those behind them can't be. */
  #hasGap = false
  /** A number that the log has certainly not taken: then none behind it either. */
  #notWrittenFrom: number | undefined

  constructor(shell: LaneShell) {
    this.#shell = shell
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0 && this.#again.length === 0 && this.#underWay.length === 0
  }

  add(record: LaneRecord): void {
    this.#waiting.push(record)
  }

  /** Sends what may go now. */
  pump(): void {
    if (!this.#shell.isOpen || this.#isResting) return
    if (this.#isTroubled && this.#underWay.length > 0) return
    this.#recover()
    if (!this.#identity && !this.isEmpty) return this.#identify()
    while (this.#underWay.length < (this.#isKnown ? underWayMax : 1)) {
      const publish = this.#again.shift() ?? (this.#hasGap || !this.#isInReach ? undefined : this.#next())
      if (!publish) return
      this.#send(publish)
    }
  }

  /** What may have been written goes again as it was, and all behind it: the log tells. Once nothing may have, a new identity closes the gap. */
  #recover(): void {
    const isOnlyGap = this.#hasGap && this.#again.length === 0
    if (this.#underWay.length > 0 || !(this.#isTroubled || isOnlyGap)) return
    this.#isTroubled = false
    for (const publish of this.#again) if (this.#isBehindRefused(publish)) publish.isUnknown = false
    this.#notWrittenFrom = undefined
    if (this.#again.some(({ isUnknown }) => isUnknown)) return
    if (!this.#hasGap && this.#again.length === 0) return
    this.#hasGap = false
    this.#identity = undefined
    for (const publish of this.#again) publish.producer = undefined
  }

  /** The log knows so many of the newest: one that is unanswered must still be among them when it comes again. */
  get #isInReach(): boolean {
    const oldest = this.#underWay.reduce((nth, publish) => Math.min(nth, publish.nth), this.#count)
    return this.#count - oldest < underWayMax
  }

  #isBehindRefused({ producer }: Publish): boolean {
    return producer !== undefined && this.#notWrittenFrom !== undefined && distance(this.#notWrittenFrom, producer.sequence) >= 0
  }

  #number(publish: Publish): void {
    if (publish.producer) return
    publish.producer = { ...(this.#identity as Identity), sequence: this.#sequence }
    publish.nth = this.#count++
    this.#sequence = (this.#sequence + publish.records.length) % sequenceModulus
  }

  #send(publish: Publish): void {
    this.#number(publish)
    this.#underWay.push(publish)
    this.#shell.publish(publish).then(
      (answer) => this.#answered(publish, answer.type === 'published' ? answer.offset : -1),
      (error: ClientError) => this.#refused(publish, error),
    )
  }

  /** Gives up what is late; whether it was written nobody knows, once it has been sent. */
  expire(now: number): void {
    const isLate = ({ deadline }: LaneRecord) => deadline <= now
    const late = this.#waiting.filter(isLate)
    this.#waiting = this.#waiting.filter((record) => !isLate(record))
    for (const record of late) record.settle(timedOut('was not sent'))
    for (const publish of this.#again.filter(({ records }) => records.some(isLate))) {
      this.#again.splice(this.#again.indexOf(publish), 1)
      this.#hasGap = true
      this.#isTroubled = true
      const how = publish.isUnknown ? 'may have been written: no answer came' : 'was not written'
      for (const record of publish.records) record.settle(timedOut(how))
    }
  }

  fail(error: ClientError): void {
    const publishes = [...this.#underWay.splice(0), ...this.#again.splice(0)]
    for (const { records } of publishes) for (const record of records) record.settle(error)
    for (const record of this.#waiting.splice(0)) record.settle(error)
  }

  #next(): Publish | undefined {
    let count = 0
    let bytes = 0
    for (const record of this.#waiting) {
      if (count > 0 && (count >= publishRecordsMax || bytes + record.bytes > this.#shell.bytesMax)) break
      bytes += record.bytes
      count++
    }
    return count === 0 ? undefined : { records: this.#waiting.splice(0, count), producer: undefined, nth: 0, isUnknown: false }
  }

  #identify(): void {
    if (this.#isIdentifying) return
    this.#isIdentifying = true
    this.#shell.identify().then(
      (identity) => {
        this.#isIdentifying = false
        this.#identity = identity
        this.#sequence = 0
        this.#isKnown = false
        for (const publish of this.#again) this.#number(publish)
        this.pump()
      },
      () => {
        this.#isIdentifying = false
        this.#rest()
      },
    )
  }

  #rest(): void {
    if (this.#isResting) return
    this.#isResting = true
    this.#shell.later(() => {
      this.#isResting = false
      this.pump()
    })
  }

  #leave(publish: Publish): boolean {
    const index = this.#underWay.indexOf(publish)
    if (index >= 0) this.#underWay.splice(index, 1)
    return index >= 0
  }

  #answered(publish: Publish, offset: number): void {
    if (!this.#leave(publish)) return
    this.#isKnown = true
    for (const [nth, record] of publish.records.entries()) record.settle(offset < 0 ? offset : offset + nth)
    this.pump()
  }

  #refused(publish: Publish, error: ClientError): void {
    if (!this.#leave(publish)) return
    this.#isTroubled = true
    const isFollowUp = error.code === followUpCode
    const isCertain = isFollowUp || !error.retriable
    const sequence = publish.producer?.sequence ?? 0
    if (isCertain && !(this.#notWrittenFrom !== undefined && distance(sequence, this.#notWrittenFrom) < 0)) this.#notWrittenFrom = sequence
    if (error.code === tooLargeCode && publish.records.length > 1) {
      this.#again.push(...halves(publish))
      this.#again.sort(bySequence)
    } else if (isFollowUp || error.retriable) {
      publish.isUnknown = !isFollowUp
      this.#again.push(publish)
      this.#again.sort(bySequence)
    } else {
      this.#hasGap = true
      for (const record of publish.records) record.settle(error)
    }
    this.#rest()
  }
}

function halves({ records, producer, nth }: Publish): Publish[] {
  const { id = 0, epoch = 0, sequence = 0 } = producer ?? {}
  const middle = Math.ceil(records.length / 2)
  return [
    { records: records.slice(0, middle), producer: { id, epoch, sequence }, nth, isUnknown: false },
    { records: records.slice(middle), producer: { id, epoch, sequence: (sequence + middle) % sequenceModulus }, nth, isUnknown: false },
  ]
}

function bySequence(a: Publish, b: Publish): number {
  return distance(b.producer?.sequence ?? 0, a.producer?.sequence ?? 0)
}

/** How far `to` is behind `from`, in numbers that begin again after the last; below zero where it comes before. */
function distance(from: number, to: number): number {
  const ahead = (to - from + sequenceModulus) % sequenceModulus
  return ahead < sequenceModulus / 2 ? ahead : ahead - sequenceModulus
}

function timedOut(how: string): ClientError {
  return new ClientError('REQUEST_TIMED_OUT', `the delivery timeout has passed: the record ${how}`)
}
