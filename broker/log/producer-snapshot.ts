/**
 * A producer state on disk, as of an offset: `<offset>.snapshot`, Kafka's format.
 * version 1 (int16), CRC-32C of what follows (uint32), count (int32), then for each producer 46 bytes: producer id (int64), epoch (int16),
 * last sequence (int32), last offset (int64), offset delta of the last batch (int32), timestamp (int64), coordinator epoch (int32),
 * first offset of the open transaction or -1 (int64). Big-endian.
 * Kafka keeps one of these a producer, so that after a restart only a producer's last batch is known again when it is sent twice. Here
 * each of its newest batches has one, oldest first: Kafka takes the last one of an id, we take them all.
 */
import { crc32c } from '../../client/records/crc32c.ts'
import { readInt64, writeInt64 } from '../../client/records/int64.ts'
import { ProducerEntry } from './producer-entry.ts'
import { ProducerState } from './producer-state.ts'

const version = 1
const checkedFrom = 6
const headerBytes = 10
const entryBytes = 46

export function encodeSnapshot(state: ProducerState): Buffer {
  let count = 0
  for (const { batches } of state.entries()) count += Math.max(1, batches.length)
  const bytes = Buffer.alloc(headerBytes + count * entryBytes)
  bytes.writeInt16BE(version, 0)
  bytes.writeInt32BE(count, checkedFrom)
  let at = headerBytes
  for (const entry of state.entries()) {
    for (let age = Math.max(1, entry.batches.length) - 1; age >= 0; age--) {
      writeEntry(bytes, at, entry, age)
      at += entryBytes
    }
  }
  bytes.writeUInt32BE(crc32c(bytes, checkedFrom), 2)
  return bytes
}

/** @param age 0 for the producer's newest batch, which carries what the producer as a whole has. */
function writeEntry(bytes: Buffer, at: number, entry: ProducerEntry, age: number): void {
  const batch = entry.batches[age]
  writeInt64(bytes, at, entry.producerId)
  bytes.writeInt16BE(entry.epoch, at + 8)
  bytes.writeInt32BE(batch?.lastSequence ?? -1, at + 10)
  writeInt64(bytes, at + 14, batch?.lastOffset ?? -1)
  bytes.writeInt32BE(batch ? batch.lastOffset - batch.firstOffset : 0, at + 22)
  writeInt64(bytes, at + 26, age === 0 ? entry.lastTimestamp : (batch?.timestamp ?? -1))
  bytes.writeInt32BE(entry.coordinatorEpoch, at + 34)
  writeInt64(bytes, at + 38, age === 0 ? entry.transactionStart : -1)
}

/** Undefined where the bytes are no whole snapshot. */
export function decodeSnapshot(bytes: Buffer): ProducerState | undefined {
  if (bytes.length < headerBytes || bytes.readInt16BE(0) !== version) return undefined
  if (bytes.readUInt32BE(2) !== crc32c(bytes, checkedFrom)) return undefined
  const count = bytes.readInt32BE(checkedFrom)
  if (count < 0 || bytes.length < headerBytes + count * entryBytes) return undefined
  const state = new ProducerState()
  for (let at = headerBytes; at < headerBytes + count * entryBytes; at += entryBytes) {
    const producerId = readInt64(bytes, at)
    const entry = state.get(producerId) ?? new ProducerEntry(producerId)
    entry.moveToEpoch(bytes.readInt16BE(at + 8))
    const lastSequence = bytes.readInt32BE(at + 10)
    const lastOffset = readInt64(bytes, at + 14)
    const offsetDelta = bytes.readInt32BE(at + 22)
    const timestamp = readInt64(bytes, at + 26)
    if (lastOffset >= 0) {
      entry.addBatch(sequenceBefore(lastSequence, offsetDelta), lastSequence, lastOffset - offsetDelta, lastOffset, timestamp)
    }
    entry.lastTimestamp = timestamp
    entry.coordinatorEpoch = bytes.readInt32BE(at + 34)
    entry.transactionStart = readInt64(bytes, at + 38)
    state.restore(entry)
  }
  return state
}

/** The sequence `by` places back: before 0 comes 2^31-1. */
function sequenceBefore(sequence: number, by: number): number {
  if (sequence < 0) return sequence
  return sequence >= by ? sequence - by : 0x7fff_ffff - (by - sequence) + 1
}
