/**
 * Writes `records` and `batches` messages, as whole WebSocket frames, straight from stored records.
 * Owns: the memory it writes in, used again for each message; what leaves is a copy of its own, since many may be sent it. MessagePack is written by
 * hand here, with no object made for a record; JSON, which people read, by the codec.
 */
import { encodeJson } from '../../client/protocol/stream/json.ts'
import type { StoredRecord } from '../../client/records/record.ts'
import { frameAround, frameHeaderBytesMax } from './websocket-frame.ts'

/** What a message is about. */
export interface Heading {
  readonly subscription: number
  readonly topic: string
  readonly partition: number
}

export interface RecordWriter {
  begin(heading: Heading): void
  add(record: StoredRecord): void
  /** Of the message, so far. */
  readonly bytes: number
  /** The frame. */
  end(next: number): Buffer
  /** A message of its own, not begun: whole batches. */
  batches(heading: Heading, batches: readonly Buffer[], detail: { first: number; count: number; next: number }): Buffer
}

const startBytes = 64 * 1024
const uint32Max = 2 ** 32 - 1

/** Names of fields, as MessagePack writes them. */
function packedName(name: string): Buffer {
  return Buffer.concat([Buffer.from([0xa0 | name.length]), Buffer.from(name)])
}

const names = {
  type: packedName('type'),
  records: packedName('records'),
  batches: packedName('batches'),
  subscription: packedName('subscription'),
  topic: packedName('topic'),
  partition: packedName('partition'),
  next: packedName('next'),
  first: packedName('first'),
  count: packedName('count'),
  offset: packedName('offset'),
  timestamp: packedName('timestamp'),
  key: packedName('key'),
  value: packedName('value'),
  headers: packedName('headers'),
} as const

export class MsgpackWriter implements RecordWriter {
  #buffer = Buffer.allocUnsafeSlow(startBytes)
  #at = 0
  #count = 0
  #countAt = 0

  get bytes(): number {
    return this.#at - frameHeaderBytesMax
  }

  begin(heading: Heading): void {
    this.#head(names.records, heading, 6)
    this.#name(names.records)
    this.#room(5)
    this.#buffer[this.#at] = 0xdd
    this.#countAt = this.#at + 1
    this.#at += 5
    this.#count = 0
  }

  add({ offset, timestamp, key, value, headers }: StoredRecord): void {
    this.#count++
    this.#byte(headers.length > 0 ? 0x85 : 0x84)
    this.#name(names.offset)
    this.#number(offset)
    this.#name(names.timestamp)
    this.#number(timestamp)
    this.#name(names.key)
    this.#bin(key)
    this.#name(names.value)
    this.#bin(value)
    if (headers.length > 0) this.#headers(headers)
  }

  end(next: number): Buffer {
    this.#buffer.writeUInt32BE(this.#count, this.#countAt)
    this.#name(names.next)
    this.#number(next)
    return this.#frame()
  }

  batches(heading: Heading, batches: readonly Buffer[], { first, count, next }: { first: number; count: number; next: number }): Buffer {
    this.#head(names.batches, heading, 8)
    this.#name(names.first)
    this.#number(first)
    this.#name(names.count)
    this.#number(count)
    this.#name(names.next)
    this.#number(next)
    this.#name(names.batches)
    this.#binHeader(batches.reduce((bytes, batch) => bytes + batch.length, 0))
    for (const batch of batches) this.#name(batch)
    return this.#frame()
  }

  #head(type: Buffer, { subscription, topic, partition }: Heading, fields: number): void {
    this.#at = frameHeaderBytesMax
    this.#byte(0x80 | fields)
    this.#name(names.type)
    this.#name(type)
    this.#name(names.subscription)
    this.#number(subscription)
    this.#name(names.topic)
    this.#text(topic)
    this.#name(names.partition)
    this.#number(partition)
  }

  #frame(): Buffer {
    return frameAround(Buffer.from(this.#buffer.subarray(0, this.#at)), this.#at, 'binary')
  }

  #headers(headers: StoredRecord['headers']): void {
    this.#name(names.headers)
    this.#room(5)
    this.#buffer[this.#at] = 0xdd
    this.#buffer.writeUInt32BE(headers.length, this.#at + 1)
    this.#at += 5
    for (const [name, value] of headers) {
      this.#byte(0x92)
      this.#text(name)
      this.#bin(value)
    }
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#at + bytes))
    this.#buffer.copy(larger, 0, 0, this.#at)
    this.#buffer = larger
  }

  #byte(byte: number): void {
    this.#room(1)
    this.#buffer[this.#at++] = byte
  }

  /** Bytes that are MessagePack already. */
  #name(packed: Buffer): void {
    this.#room(packed.length)
    packed.copy(this.#buffer, this.#at)
    this.#at += packed.length
  }

  /** As the shortest integer up to 32 bits; beyond as a float64, exact up to 2^53. */
  #number(number: number): void {
    this.#room(9)
    const buffer = this.#buffer
    if (number >= 0 && number < 0x80) buffer[this.#at++] = number
    else if (number >= 0 && number <= uint32Max) {
      buffer[this.#at] = 0xce
      this.#at = buffer.writeUInt32BE(number, this.#at + 1)
    } else {
      buffer[this.#at] = 0xcb
      this.#at = buffer.writeDoubleBE(number, this.#at + 1)
    }
  }

  #text(text: string): void {
    const length = Buffer.byteLength(text)
    this.#room(5 + length)
    const buffer = this.#buffer
    if (length < 0x20) buffer[this.#at++] = 0xa0 | length
    else if (length < 0x1_0000) {
      buffer[this.#at] = 0xda
      this.#at = buffer.writeUInt16BE(length, this.#at + 1)
    } else {
      buffer[this.#at] = 0xdb
      this.#at = buffer.writeUInt32BE(length, this.#at + 1)
    }
    this.#at += buffer.write(text, this.#at)
  }

  #bin(bytes: Buffer | null): void {
    if (bytes === null) return this.#byte(0xc0)
    this.#binHeader(bytes.length)
    this.#name(bytes)
  }

  #binHeader(length: number): void {
    this.#room(5)
    const buffer = this.#buffer
    if (length < 0x100) {
      buffer[this.#at++] = 0xc4
      buffer[this.#at++] = length
    } else {
      buffer[this.#at] = 0xc6
      this.#at = buffer.writeUInt32BE(length, this.#at + 1)
    }
  }
}

export class JsonWriter implements RecordWriter {
  #heading: Heading | undefined
  #records: object[] = []
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  begin(heading: Heading): void {
    this.#heading = heading
    this.#records = []
    this.#bytes = 0
  }

  add({ offset, timestamp, key, value, headers }: StoredRecord): void {
    this.#bytes += 64 + (key?.length ?? 0) + (value?.length ?? 0)
    this.#records.push({ offset, timestamp, key, value, ...(headers.length > 0 && { headers }) })
  }

  end(next: number): Buffer {
    return textFrame({ type: 'records', ...this.#heading, records: this.#records, next })
  }

  batches(heading: Heading, batches: readonly Buffer[], detail: { first: number; count: number; next: number }): Buffer {
    return textFrame({ type: 'batches', ...heading, ...detail, batches: Buffer.concat(batches) })
  }
}

function textFrame(message: object): Buffer {
  const text = encodeJson(message)
  const buffer = Buffer.allocUnsafe(frameHeaderBytesMax + Buffer.byteLength(text))
  const end = frameHeaderBytesMax + buffer.write(text, frameHeaderBytesMax)
  return frameAround(buffer, end, 'text')
}
