/** LZ4 and Snappy as they are done without their packages, against the packages: each reads what the other has written. */
import fc from 'fast-check'
import t from 'tap'
import { lz4Block } from '../../../client/records/compression/lz4-block.ts'
import { repairHeader } from '../../../client/records/compression/lz4-frame.ts'
import { snappyBlock } from '../../../client/records/compression/snappy-block.ts'
import { xxHash32 } from '../../../client/records/compression/xxhash32.ts'
import { native } from '../../../client/records/native.ts'

const lz4 = native('lz4-napi')
const snappy = native('snappy')
if (!lz4 || !snappy) throw new Error('the packages that they are compared with are not installed')

/** Bytes that repeat themselves near and far, and such that do not. */
const bytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 400 })).map(([unit, times]) => {
        return new Uint8Array(unit.length * times).map((_, index) => unit[index % unit.length] as number)
      }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => Buffer.concat(parts))

const incompressible = Buffer.from(Array.from({ length: 200_000 }, (_, index) => Math.imul(index, 0x9e37_79b1) >>> 24))
const text = Buffer.from('All work and no play makes a dull topic. '.repeat(9000))

t.test('LZ4 gives back what was written, and so does the package, either way round', async (t) => {
  const holds = (input: Buffer) =>
    lz4Block.decompressFrameSync(lz4Block.compressFrameSync(input)).equals(input) &&
    lz4.decompressFrameSync(lz4Block.compressFrameSync(input)).equals(input) &&
    lz4Block.decompressFrameSync(lz4.compressFrameSync(input)).equals(input)
  fc.assert(fc.property(bytes, holds), { numRuns: 300 })
  t.ok(holds(incompressible))
  t.ok(holds(text))
  t.ok(lz4Block.compressFrameSync(text).length < text.length / 50, 'it compresses')
})

t.test('Snappy gives back what was written, and so does the package, either way round', async (t) => {
  const holds = (input: Buffer) =>
    snappyBlock.uncompressSync(snappyBlock.compressSync(input)).equals(input) &&
    snappy.uncompressSync(snappyBlock.compressSync(input)).equals(input) &&
    snappyBlock.uncompressSync(snappy.compressSync(input)).equals(input)
  fc.assert(
    fc.property(
      bytes.map((input) => input.subarray(0, 65_536)),
      holds,
    ),
    { numRuns: 300 },
  )
  t.ok(holds(incompressible.subarray(0, 65_536)))
  t.ok(snappyBlock.uncompressSync(snappy.compressSync(text)).equals(text), 'more than a block, and distances of four bytes')
  t.ok(snappyBlock.compressSync(text.subarray(0, 32_768)).length < 2000, 'it compresses')
})

/** What came out, or null where the bytes were refused. */
function outcome(act: () => Buffer): Buffer | null {
  try {
    return act()
  } catch {
    return null
  }
}

t.test('damaged bytes are refused, or come to what they come to in the package', async () => {
  const damage = fc.tuple(bytes, fc.nat(), fc.integer({ min: 1, max: 255 }))
  const damaged = (packed: Buffer, at: number, flip: number) => {
    const copy = Buffer.from(packed)
    const position = at % copy.length
    copy[position] = (copy[position] as number) ^ flip
    return copy
  }
  fc.assert(
    fc.property(damage, ([input, at, flip]) => {
      const packed = damaged(snappyBlock.compressSync(input.subarray(0, 65_536)), at, flip)
      const stated = packed.length > 0 && (packed[0] as number) < 0x80
      // A length that grew is the caller's to refuse.
      if (!stated) return true
      const [ours, theirs] = [outcome(() => snappyBlock.uncompressSync(packed)), outcome(() => snappy.uncompressSync(packed))]
      return ours === null ? theirs === null : theirs !== null && ours.equals(theirs)
    }),
    { numRuns: 500 },
  )
})

t.test('the checksum of a block is heeded, of any length', async (t) => {
  const block = Buffer.from('a block that is stored as it is, and longer than sixteen bytes')
  const frame = Buffer.concat([
    repairHeader(Buffer.from([4, 0x22, 0x4d, 0x18, 0x70, 0x40, 0]), 'right'),
    Buffer.alloc(4),
    block,
    Buffer.alloc(8),
  ])
  frame.writeUInt32LE(block.length + 0x8000_0000, 7)
  frame.writeUInt32LE(xxHash32(block), 11 + block.length)
  t.ok(lz4Block.decompressFrameSync(frame).equals(block))
  t.ok(lz4.decompressFrameSync(frame).equals(block), 'and is as the package has it')
  frame[20] = 0
  t.throws(() => lz4Block.decompressFrameSync(frame), /checksum/)
})

t.test('a block that claims to hold more than blocks do is refused before anything is made for it', async (t) => {
  const bomb = Buffer.concat([Buffer.from([0x1f, 0x61, 1, 0]), Buffer.alloc(60_000, 255), Buffer.from([0, 0x50]), Buffer.from('end..')])
  const size = Buffer.alloc(4)
  size.writeUInt32LE(bomb.length)
  const header = repairHeader(Buffer.from([4, 0x22, 0x4d, 0x18, 0x60, 0x40, 0]), 'right')
  t.throws(() => lz4Block.decompressFrameSync(Buffer.concat([header, size, bomb, Buffer.alloc(4)])), /65536 are the most/)
})
