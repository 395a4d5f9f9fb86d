/**
 * Bytes that no honest producer sends, against all that looks at records: they end in records, a verdict or a RecordsError, in
 * bounded memory. What a leader accepts, it and any consumer can read again. SEED=n repeats a run.
 */
import { strict as assert } from 'node:assert'
import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { crc32, gunzipSync } from 'node:zlib'
import t from 'tap'
import { batchField, batchHeaderBytes, logOverheadBytes, magicAt, RecordBatch } from '../../client/records/batch.ts'
import { codecNames, compress, decompress } from '../../client/records/compression/codec.ts'
import { lz4OfMagic0 } from '../../client/records/compression/lz4.ts'
import { convertForFetch } from '../../client/records/convert.ts'
import { legacyField } from '../../client/records/legacy.ts'
import { readRecords } from '../../client/records/record.ts'
import { RecordsError } from '../../client/records/records-error.ts'
import { checkProduceRecords, type LeaderRules, validateForLeader } from '../../client/records/validate.ts'
import { SeededRandom } from '../simulation/platform/random.ts'

const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31))
const again = `SEED=${seed} node test/fuzz/records.test.ts`
/** Each test starts its own: how far the one before came in its time moves nothing. */
let random = new SeededRandom(seed)
const millisMax = 1200
const bytesMax = 4 * 1024 * 1024

const samples = gunzipSync(readFileSync(new URL('../golden/batches.jsonl.gz', import.meta.url)))
  .toString()
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => Buffer.from((JSON.parse(line) as { hex: string }).hex, 'hex'))
  .filter((bytes) => bytes.length > 0 && bytes.length < 3000)

const pick = <T>(from: readonly T[]): T => from[random.below(from.length)] as T

/** Numbers that lie: as varints and as integers. */
const lies = [
  'ffffffff0f',
  'feffffff0f',
  '8080808080',
  'ffffffffffffffffff01',
  '01',
  '00',
  '7fffffff',
  '80000000',
  'ffffffff',
  'ffff7f',
].map((hex) => Buffer.from(hex, 'hex'))

function damaged(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  const at = random.below(copy.length)
  switch (random.below(5)) {
    case 0:
      copy.writeUInt8(copy.readUInt8(at) ^ (1 << random.below(8)), at)
      return copy
    case 1:
      return copy.subarray(0, at)
    case 2: {
      const lie = pick(lies)
      lie.copy(copy, at)
      return copy
    }
    case 3:
      return Buffer.concat([copy.subarray(0, at), pick(lies), copy.subarray(at)])
    default:
      return Buffer.concat([copy, pick(samples).subarray(0, random.below(200))])
  }
}

/** With lengths and checksum put right, so that the damage is looked at; sometimes compressed anew around it. */
function resealed(bytes: Buffer): Buffer {
  if (bytes.length < batchHeaderBytes) return bytes
  if (magicAt(bytes, 0) !== 2) return resealedMessage(bytes)
  let copy = Buffer.from(bytes)
  if (random.below(3) === 0) {
    const codec = random.below(codecNames.length)
    copy = Buffer.concat([copy.subarray(0, batchHeaderBytes), compress(codec, copy.subarray(batchHeaderBytes))])
    copy.writeInt16BE((copy.readInt16BE(batchField.attributes) & ~7) | codec, batchField.attributes)
  }
  copy.fill(0, 0, batchField.batchLength)
  copy.writeInt32BE(copy.length - logOverheadBytes, batchField.batchLength)
  if (random.below(2) === 0) copy.writeInt32BE((copy.readInt32BE(batchField.recordCount) - 1) | 0, batchField.lastOffsetDelta)
  new RecordBatch(copy).seal()
  return copy
}

function resealedMessage(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeInt8(random.below(2), legacyField.magic)
  copy.writeInt32BE(copy.length - logOverheadBytes, legacyField.size)
  copy.writeUInt32BE(crc32(copy.subarray(legacyField.magic)), legacyField.crc)
  return copy
}

function rules(): LeaderRules {
  return {
    baseOffset: random.below(2) === 0 ? 0 : 2 ** 40,
    leaderEpoch: 3,
    now: 1_700_000_000_000,
    isCompacted: random.below(4) === 0,
    timestampType: pick(['CreateTime', 'LogAppendTime']),
    timestampBeforeMaxMs: 2 ** 63,
    timestampAfterMaxMs: 2 ** 60,
    compression: pick(['producer', 'producer', ...codecNames]),
    batchBytesMax: 1_000_000,
    origin: pick(['client', 'client', 'coordinator']),
    decompressedBytesMax: bytesMax,
  }
}

/** Runs `act` until the time is up; whatever it throws but a RecordsError is a failure, told with how to repeat it. */
function storm(act: () => void): { rounds: number; refused: number } {
  random = new SeededRandom(seed)
  const end = performance.now() + millisMax
  let rounds = 0
  let refused = 0
  for (; performance.now() < end; rounds++) {
    try {
      act()
    } catch (error) {
      if (!(error instanceof RecordsError)) throw new Error(`round ${rounds}: ${again}`, { cause: error })
      assert(Number.isInteger(error.code), 'there is a code for it')
      refused++
    }
  }
  return { rounds, refused }
}

function readAll(bytes: Buffer): number {
  let count = 0
  for (const { records } of readRecords(bytes, { bytesMax })) count += records.length
  return count
}

t.test('readers and converters end in records or a RecordsError', async (t) => {
  const { rounds, refused } = storm(() => {
    const bytes = random.below(2) === 0 ? resealed(damaged(pick(samples))) : damaged(pick(samples))
    convertForFetch([bytes], pick([0, 1, 2]))
    readAll(bytes)
  })
  t.ok(refused > 0 && refused < rounds, `${refused} of ${rounds} refused`)
})

t.test('what a leader takes it has read, and can read again', async (t) => {
  let taken = 0
  const { rounds } = storm(() => {
    const bytes = resealed(random.below(4) === 0 ? pick(samples) : damaged(pick(samples)))
    checkProduceRecords(bytes, random.below(14))
    const verdict = validateForLeader(bytes, rules())
    if ('error' in verdict) return assert(verdict.message.length < 500, 'a message is short')
    if (verdict.recordCount === 0) return
    taken++
    const batch = new RecordBatch(verdict.bytes)
    assert(batch.checkCrc(), 'the checksum is right')
    assert.equal(batch.lastOffset, verdict.lastOffset)
    assert.equal(batch.partitionLeaderEpoch, 3)
    if (!batch.isControl) assert.equal(readAll(verdict.bytes), verdict.recordCount)
  })
  t.ok(taken > 0 && taken < rounds, `${taken} of ${rounds} taken`)
})

t.test('codecs end in no more bytes than they may, or a RecordsError', async (t) => {
  const texts = [Buffer.alloc(100_000, 'abc'), Buffer.from('short'), pick(samples), Buffer.alloc(0)]
  const packed = codecNames.slice(1).map((_, i) => texts.map((text) => compress(i + 1, text)))
  const { rounds, refused } = storm(() => {
    const codec = 1 + random.below(packed.length)
    const bytes = random.below(8) === 0 ? random.bytes(random.below(64)) : pick(packed[codec - 1] as Buffer[])
    const limit = pick([10, 50_000, bytesMax])
    const broken = bytes.length === 0 ? bytes : damaged(bytes)
    const out = random.below(10) === 0 ? lz4OfMagic0.decompress(broken, limit) : decompress(codec, broken, limit)
    assert(out.length <= limit, 'within the bound')
  })
  t.ok(refused > 0 && refused < rounds, `${refused} of ${rounds} refused`)
})
