/**
 * What was read from a topic, as digests that every peer computes alike (PROTOCOL.md): two readings are the same records in the same order
 * exactly when the digests are equal. And what a reading should be, from the records that were sent.
 */
import { createHash, type Hash } from 'node:crypto'
import type { SourceRecord } from '../../support/apt-records.ts'

export interface Summary {
  readonly count: number
  readonly sha256: string
  readonly times: string
}

export type From =
  | { readonly from: 'beginning' }
  | { readonly from: 'offset'; readonly offsets: readonly number[] }
  | { readonly from: 'time'; readonly timeMillis: number }

type Headers = readonly (readonly [string, Buffer | null])[]

export class Reading {
  readonly #contents: Hash[]
  readonly #times: Hash[]
  #count = 0

  constructor(partitions: number) {
    this.#contents = Array.from({ length: partitions }, () => createHash('sha256'))
    this.#times = Array.from({ length: partitions }, () => createHash('sha256'))
  }

  add(partition: number, offset: number, timeMillis: number, key: Buffer | null, value: Buffer | null, headers: Headers): void {
    const place = Buffer.alloc(12)
    place.writeInt32BE(partition)
    place.writeBigInt64BE(BigInt(offset), 4)
    const parts = [place, ...bytesField(key), ...bytesField(value), int32(headers.length)]
    for (const [name, content] of headers) parts.push(...bytesField(Buffer.from(name)), ...bytesField(content))
    this.#contents[partition]?.update(Buffer.concat(parts))
    this.#times[partition]?.update(int64(timeMillis))
    this.#count++
  }

  summary(): Summary {
    return { count: this.#count, sha256: fold(this.#contents), times: fold(this.#times) }
  }
}

function fold(parts: Hash[]): string {
  const whole = createHash('sha256')
  for (const part of parts) whole.update(part.digest())
  return whole.digest('hex')
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}

function bytesField(bytes: Buffer | null): Buffer[] {
  return bytes === null ? [int32(-1)] : [int32(bytes.length), bytes]
}

/** The records in the form that peers are given them. */
export function recordsFile(records: readonly SourceRecord[]): Buffer {
  const parts: Buffer[] = []
  for (const { timeMillis, key, value, headers } of records) {
    parts.push(int64(timeMillis), ...bytesField(key), ...bytesField(value), int32(headers.length))
    for (const [name, content] of headers) parts.push(...bytesField(Buffer.from(name)), ...bytesField(content))
  }
  return Buffer.concat(parts)
}

/** The inverse of `recordsFile`. */
export function* recordsIn(file: Buffer): Generator<SourceRecord> {
  let position = 0
  const field = () => {
    const length = file.readInt32BE(position)
    position += 4 + length
    return file.subarray(position - length, position)
  }
  while (position < file.length) {
    const timeMillis = Number(file.readBigInt64BE(position))
    position += 8
    const [key, value] = [field(), field()]
    const headers: [string, Buffer][] = Array.from({ length: file.readInt32BE(position) })
    position += 4
    for (let nth = 0; nth < headers.length; nth++) headers[nth] = [field().toString(), field()]
    yield { timeMillis, key, value, headers }
  }
}

/** What a topic holds after the records were produced to it, each to the partition that Java's default partitioner gives it. */
export class Expectation {
  readonly partitions: readonly (readonly SourceRecord[])[]

  constructor(records: readonly SourceRecord[], partitions: number, partitionOf: (key: Buffer, partitions: number) => number) {
    const dealt: SourceRecord[][] = Array.from({ length: partitions }, () => [])
    for (const record of records) dealt[partitionOf(record.key, partitions)]?.push(record)
    this.partitions = dealt
  }

  reading(from: From): Summary {
    const reading = new Reading(this.partitions.length)
    for (const [partition, records] of this.partitions.entries()) {
      for (let offset = startOf(from, partition, records); offset < records.length; offset++) {
        const { timeMillis, key, value, headers } = records[offset] as SourceRecord
        reading.add(partition, offset, timeMillis, key, value, headers)
      }
    }
    return reading.summary()
  }
}

function startOf(from: From, partition: number, records: readonly SourceRecord[]): number {
  if (from.from === 'beginning') return 0
  if (from.from === 'offset') return from.offsets[partition] ?? 0
  const found = records.findIndex(({ timeMillis }) => timeMillis >= from.timeMillis)
  return found === -1 ? records.length : found
}
