/** Record batches as producers send them, for tests that need some. */
import { buildBatch, type BatchOptions } from '../../client/records/builder.ts'

export interface TestBatch extends Partial<Omit<BatchOptions, 'records'>> {
  /** How many records. */
  count?: number
  /** Of each record's value. */
  valueBytes?: number
  /** Of the first record; the others follow a millisecond apart. */
  timestamp?: number
  values?: readonly string[]
  keys?: readonly (string | null)[]
}

export const testTime = 1_700_000_000_000

/** One batch. Its records tell where they are from: `<timestamp>/<index>`, padded to `valueBytes`. */
export function testBatch({ count, valueBytes = 20, timestamp = testTime, values, keys, ...options }: TestBatch = {}): Buffer {
  const records = Array.from({ length: count ?? values?.length ?? 1 }, (_, index) => ({
    timestamp: timestamp + index,
    key: keys ? asBuffer(keys[index] ?? null) : null,
    value: Buffer.from(values?.[index] ?? `${timestamp}/${index}`.padEnd(valueBytes, '.')),
  }))
  return buildBatch({ records, ...options })
}

function asBuffer(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text)
}
