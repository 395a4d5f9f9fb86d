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
  /** A record with a time between these and a key, of a batch that is timed by its producer, breaks no rule. */
  readonly earliest: number
  readonly latest: number
  readonly needsKey: boolean
  readonly #takesCreateTime: boolean
  readonly #refusals: RecordRefusal[] = []
  #refused = 0
  #anyTimestamp = false

  constructor(rules: TopicRules, now: number) {
    this.needsKey = rules.isCompacted
    this.#takesCreateTime = rules.timestampType === 'CreateTime'
    this.earliest = now - rules.timestampBeforeMaxMs
    this.latest = now + rules.timestampAfterMaxMs
  }

  /** `isAppendTime`: the record's batch claims that a leader timed it. */
  check(index: number, timestamp: number, hasKey: boolean, isAppendTime: boolean): void {
    if (this.needsKey && !hasKey) return this.refuse(index, 'A compacted topic takes no record without a key')
    if (this.#takesCreateTime && timestamp !== noTimestamp) {
      if (timestamp >= this.earliest && timestamp <= this.latest) return
      this.#anyTimestamp = true
      this.refuse(index, `The timestamp ${timestamp} is not between ${this.earliest} and ${this.latest}`)
    } else if (isAppendTime) {
      this.#anyTimestamp = true
      this.refuse(index, 'A producer does not say that the leader timed its records')
    }
  }

  refuse(index: number, message: string): void {
    this.#refused++
    if (this.#refusals.length < refusalsMax) this.#refusals.push({ batchIndex: index, batchIndexErrorMessage: message })
  }

  /** Throws a RecordsRefused if any record was refused. One wrong timestamp makes it that for all, as in Kafka. */
  throwIfRefused(): void {
    if (this.#refused === 0) return
    const first = this.#refusals[0]?.batchIndexErrorMessage
    const message = `${this.#refused} of the records are refused. The first: ${first}`
    throw new RecordsRefused(this.#anyTimestamp ? 'timestamp' : 'invalid', message, this.#refusals)
  }
}

export class RecordsRefused extends RecordsError {
  readonly refusals: readonly RecordRefusal[]

  constructor(fault: 'timestamp' | 'invalid', message: string, refusals: readonly RecordRefusal[]) {
    super(fault, message)
    this.refusals = refusals
  }
}
