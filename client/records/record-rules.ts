/**
 * What a topic asks of each record: a key where it is compacted, a timestamp within bounds (KIP-937).
 * Collects what is wrong, so that a producer learns of every bad record of a batch at once (KIP-467).
 */
import { noTimestamp } from './batch.ts'
import { RecordsError } from './records-error.ts'

export interface TopicRules {
  readonly isCompacted: boolean
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  readonly timestampBeforeMaxMs: number
  readonly timestampAfterMaxMs: number
}

/** Named as in a Produce response. */
export interface RecordRefusal {
  readonly batchIndex: number
  readonly batchIndexErrorMessage: string
}

const refusalsMax = 1000

export class RecordRules {
  /** The records so far: the index of the next, and their highest timestamp. */
  count = 0
  maxTimestamp = noTimestamp
  readonly #needsKey: boolean
  readonly #takesCreateTime: boolean
  readonly #earliest: number
  readonly #latest: number
  readonly #refusals: RecordRefusal[] = []
  #refused = 0
  #anyTimestamp = false

  constructor(rules: TopicRules, now: number) {
    this.#needsKey = rules.isCompacted
    this.#takesCreateTime = rules.timestampType === 'CreateTime'
    this.#earliest = now - rules.timestampBeforeMaxMs
    this.#latest = now + rules.timestampAfterMaxMs
  }

  /** `isAppendTime`: the record's batch claims that a leader timed it. */
  check(timestamp: number, hasKey: boolean, isAppendTime: boolean): void {
    if (this.#needsKey && !hasKey) this.refuse('A compacted topic takes no record without a key')
    else if (this.#takesCreateTime && timestamp !== noTimestamp) {
      if (timestamp < this.#earliest || timestamp > this.#latest) this.#refuseTimestamp(timestamp)
    } else if (isAppendTime) {
      this.#anyTimestamp = true
      this.refuse('A producer does not say that the leader timed its records')
    }
    if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp
    this.count++
  }

  /** Refuses the record whose turn it is. */
  refuse(message: string): void {
    this.#refused++
    if (this.#refusals.length < refusalsMax) this.#refusals.push({ batchIndex: this.count, batchIndexErrorMessage: message })
  }

  /** Throws a RecordsRefused if any record was refused. One wrong timestamp makes it that for all, as in Kafka. */
  throwIfRefused(): void {
    if (this.#refused === 0) return
    const first = this.#refusals[0]?.batchIndexErrorMessage
    const message = `${this.#refused} of ${this.count} records are refused. The first: ${first}`
    throw new RecordsRefused(this.#anyTimestamp ? 'timestamp' : 'invalid', message, this.#refusals)
  }

  #refuseTimestamp(timestamp: number): void {
    this.#anyTimestamp = true
    this.refuse(`The timestamp ${timestamp} is not between ${this.#earliest} and ${this.#latest}`)
  }
}

export class RecordsRefused extends RecordsError {
  readonly refusals: readonly RecordRefusal[]

  constructor(fault: 'timestamp' | 'invalid', message: string, refusals: readonly RecordRefusal[]) {
    super(fault, message)
    this.refusals = refusals
  }
}
