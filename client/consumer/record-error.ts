/** A record, or a batch of records, that cannot be read. */
import { ClientError } from '../network/client-error.ts'
import type { TopicPartition } from './consumed.ts'

interface UnreadableRecord extends TopicPartition {
  readonly offset: number
  readonly nextOffset: number
  readonly cause: unknown
}

/**
 * `code` is `UNDECODABLE_RECORD` where a serde threw (its error is the cause), else Kafka's name for what is wrong with the bytes
 * (`CORRUPT_MESSAGE`). The consumer stays where it is: to go on behind it, `seek` to `nextOffset`.
 */
export class RecordError extends ClientError {
  declare readonly topic: string
  declare readonly partition: number
  /** The record's; where a whole batch is damaged, the first offset that could not be read. */
  readonly offset: number
  /** Behind the record, or the batch. */
  readonly nextOffset: number

  constructor(code: string, what: string, { topic, partition, offset, nextOffset, cause }: UnreadableRecord) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const advice = `seek to ${nextOffset} to go on behind it`
    super(code, `cannot ${what} at offset ${offset} of ${topic}-${partition}: ${why}; ${advice}`, { topic, partition, cause })
    this.offset = offset
    this.nextOffset = nextOffset
  }
}
