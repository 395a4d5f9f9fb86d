/**
 * Message sets, the format before record batches (magic 0 and 1), read where they lie.
 *
 *     offset int64, size int32, crc int32 (CRC-32 of what follows), magic int8, attributes int8,
 *     (timestamp int64)  magic 1 only
 *     keyLength int32, key, valueLength int32, value      -1: null
 *
 * A compressed set is one message, the wrapper, whose value holds the others. The wrapper's offset is that of its last message.
 * Inside, magic 0 counts as the log does and magic 1 from the start of the set (KIP-31); some old producers leave the
 * wrapper's offset at zero. Of times, the wrapper decides whose count: its own for all, or each message's.
 */
import { crc32 } from 'node:zlib'
import { noTimestamp, logOverheadBytes } from './batch.ts'
import { codecId, decompress } from './compression/codec.ts'
import { lz4OfMagic0 } from './compression/lz4.ts'
import { readInt64 } from './int64.ts'
import type { StoredRecord } from './record.ts'
import { RecordsError } from './records-error.ts'

/** Where each field starts, counted from the offset before the message. */
export const legacyField = { offset: 0, size: 8, crc: 12, magic: 16, attributes: 17, timestamp: 18 } as const

export const legacyAttribute = { codecMask: 0x07, logAppendTime: 0x08 } as const

const messageBytesMin = 14
/** Records that become objects all at once: some hundred bytes each, so that no batch fills the memory. */
export const recordsAtOnceMax = 250_000

/** One message, wrapper or not. Reading its key and value can throw a RecordsError (invalid); the rest is in any message of 14 bytes. */
export class LegacyMessage {
  readonly buffer: Buffer
  readonly position: number
  readonly end: number

  /** The caller has seen that `size` fits and is 14 at least. */
  constructor(buffer: Buffer, position: number) {
    this.buffer = buffer
    this.position = position
    this.end = position + logOverheadBytes + buffer.readInt32BE(position + legacyField.size)
  }

  get offset(): number {
    return readInt64(this.buffer, this.position)
  }

  get magic(): number {
    return this.buffer.readInt8(this.position + legacyField.magic)
  }

  get crc(): number {
    return this.buffer.readUInt32BE(this.position + legacyField.crc)
  }

  get attributes(): number {
    return this.buffer.readUInt8(this.position + legacyField.attributes)
  }

  get codec(): number {
    return this.attributes & legacyAttribute.codecMask
  }

  get isLogAppendTime(): boolean {
    return this.magic > 0 && (this.attributes & legacyAttribute.logAppendTime) !== 0
  }

  get timestamp(): number {
    if (this.magic === 0) return noTimestamp
    this.#within(this.position + legacyField.timestamp + 8)
    return readInt64(this.buffer, this.position + legacyField.timestamp)
  }

  get key(): Buffer | null {
    return this.#bytesAt(this.#keyLengthAt)
  }

  get value(): Buffer | null {
    const at = this.#keyLengthAt
    this.#within(at + 4)
    return this.#bytesAt(at + 4 + Math.max(0, this.buffer.readInt32BE(at)))
  }

  /** Throws a RecordsError (corrupt). */
  ensureValid(): void {
    const computed = crc32(this.buffer.subarray(this.position + legacyField.magic, this.end))
    if (computed !== this.crc) throw new RecordsError('corrupt', `The message's checksum is ${this.crc}, its bytes have ${computed}`)
  }

  get #keyLengthAt(): number {
    return this.position + (this.magic === 0 ? legacyField.timestamp : legacyField.timestamp + 8)
  }

  #bytesAt(at: number): Buffer | null {
    this.#within(at + 4)
    const bytes = this.buffer.readInt32BE(at)
    if (bytes < 0) return null
    this.#within(at + 4 + bytes)
    return this.buffer.subarray(at + 4, at + 4 + bytes)
  }

  #within(end: number): void {
    if (end > this.end) throw new RecordsError('invalid', 'A field of the message passes its end')
  }
}

export interface LegacyRecord extends StoredRecord {
  readonly message: LegacyMessage
  /** As the outermost message says: inside a wrapper it decides. */
  readonly isLogAppendTime: boolean
}

/** The records of the message at `position`: its own, or those in it. Throws a RecordsError. */
export function legacyRecordsAt(buffer: Buffer, position: number, bytesMax: number): LegacyRecord[] {
  const message = new LegacyMessage(buffer, position)
  if (message.codec !== 0) return innerRecords(message, bytesMax)
  const { offset, timestamp, key, value, isLogAppendTime } = message
  return [{ offset, timestamp, key, value, headers: [], message, isLogAppendTime }]
}

function innerRecords(wrapper: LegacyMessage, bytesMax: number): LegacyRecord[] {
  const { codec, magic, value, isLogAppendTime } = wrapper
  if (codec === codecId.zstd) throw new RecordsError('invalid', 'Zstandard is not for messages of magic 0 and 1')
  if (value === null) throw new RecordsError('invalid', 'A compressed message without a value')
  const isOldLz4 = codec === codecId.lz4 && magic === 0
  const bytes = isOldLz4 ? lz4OfMagic0.decompress(value, bytesMax) : decompress(codec, value, bytesMax)
  const messages = messagesIn(bytes)
  const last = messages.at(-1)
  if (!last) throw new RecordsError('invalid', 'A compressed message with none inside')
  const base = magic === 0 ? 0 : baseOffsetOf(wrapper.offset, last.offset)
  const timeForAll = isLogAppendTime ? wrapper.timestamp : undefined
  return messages.map((message) => {
    if (message.codec !== 0) throw new RecordsError('invalid', 'A compressed message inside a compressed message')
    const timestamp = message.magic === 0 ? noTimestamp : (timeForAll ?? message.timestamp)
    return { offset: base + message.offset, timestamp, key: message.key, value: message.value, headers: [], message, isLogAppendTime }
  })
}

function baseOffsetOf(wrapperOffset: number, lastInnerOffset: number): number {
  if (wrapperOffset === 0) return 0
  if (wrapperOffset < lastInnerOffset)
    throw new RecordsError('invalid', `A wrapper at ${wrapperOffset} of messages up to ${lastInnerOffset}`)
  return wrapperOffset - lastInnerOffset
}

/** A message cut at the end is left out, as in a set of its own. */
function messagesIn(bytes: Buffer): LegacyMessage[] {
  const messages: LegacyMessage[] = []
  let position = 0
  while (bytes.length - position >= logOverheadBytes) {
    const size = bytes.readInt32BE(position + legacyField.size)
    if (size < messageBytesMin) throw new RecordsError('corrupt', `A message of ${size} bytes is smaller than any can be`)
    if (size > bytes.length - position - logOverheadBytes) break
    if (messages.length === recordsAtOnceMax) throw new RecordsError('inflated', `More than ${recordsAtOnceMax} messages in one`)
    messages.push(new LegacyMessage(bytes, position))
    position += logOverheadBytes + size
  }
  return messages
}
