import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import t from 'tap'
import { codecId, codecNames, compress, decompress, isCodec } from '../../../client/records/compression/codec.ts'
import { lz4OfMagic0 } from '../../../client/records/compression/lz4.ts'
import { xxHash32 } from '../../../client/records/compression/xxhash32.ts'
import { RecordsError, type RecordsFault } from '../../../client/records/records-error.ts'

const text = Buffer.from('All work and no play makes a dull topic. '.repeat(4000))
const bound = 1024 * 1024

function fault(act: () => unknown): RecordsFault | 'none' {
  try {
    act()
    return 'none'
  } catch (error) {
    if (error instanceof RecordsError) return error.fault
    throw error
  }
}

t.test('each codec gives back what it was given, short, long and nothing', async (t) => {
  for (const name of codecNames) {
    for (const bytes of [text, text.subarray(0, 1), Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * i * 7919) >> 5))]) {
      const packed = compress(codecId[name], bytes)
      t.ok(decompress(codecId[name], packed, bound).equals(bytes), `${name} of ${bytes.length}`)
    }
  }
  t.ok(compress(codecId.zstd, text, 19).length <= compress(codecId.zstd, text, 1).length, 'levels are heeded')
  t.notOk(isCodec(5))
  t.equal(
    fault(() => decompress(5, text)),
    'codec',
  )
})

t.test('no codec lets out more than the bound, and bombs cost nothing', async (t) => {
  const zeros = Buffer.alloc(64 * 1024 * 1024)
  for (const name of codecNames.slice(1)) {
    const bomb = compress(codecId[name], zeros)
    const before = process.memoryUsage().arrayBuffers
    t.equal(
      fault(() => decompress(codecId[name], bomb, bound)),
      'inflated',
      name,
    )
    t.ok(process.memoryUsage().arrayBuffers - before < 8 * bound, `${name} allocates within bounds`)
    t.equal(decompress(codecId[name], compress(codecId[name], zeros.subarray(0, bound)), bound).length, bound, `${name} at the bound`)
  }
  const lie = Buffer.from('ffffffff0f00', 'hex')
  t.equal(
    fault(() => decompress(codecId.snappy, lie, bound)),
    'undecodable',
    'a length that lies is not even believed',
  )
})

t.test('bytes that are cut, flipped or foreign are faults of the peer', async (t) => {
  for (const name of codecNames.slice(1)) {
    const packed = compress(codecId[name], text)
    for (const part of [1, 10, packed.length >> 1, packed.length - 1]) {
      t.equal(
        fault(() => decompress(codecId[name], packed.subarray(0, part), bound)),
        'undecodable',
        `${name} cut to ${part}`,
      )
    }
    t.equal(
      fault(() => decompress(codecId[name], text, bound)),
      'undecodable',
      `${name} of plain text`,
    )
  }
  t.equal(
    fault(() => decompress(codecId.gzip, deflateSync(text), bound)),
    'undecodable',
  )
})

t.test('what other encoders write in pieces is read as one, and what stands behind is treated as Kafka does', async (t) => {
  const half = text.length >> 1
  const halves = [text.subarray(0, half), text.subarray(half)] as const
  const rubbish = Buffer.from('rubbish behind the end')
  const members = Buffer.concat(halves.map((part) => gzipSync(part)))
  t.ok(decompress(codecId.gzip, members, bound).equals(text))
  t.ok(decompress(codecId.gzip, Buffer.concat([members, rubbish]), bound).equals(text), 'gzip passes it over')
  t.equal(
    fault(() => decompress(codecId.gzip, Buffer.concat([members, rubbish]), text.length - 1)),
    'inflated',
    'also then within the bound',
  )
  const frames = Buffer.concat(halves.map((part) => zstdCompressSync(part)))
  t.ok(decompress(codecId.zstd, frames, bound).equals(text))
  t.equal(
    fault(() => decompress(codecId.zstd, Buffer.concat([frames, rubbish]), bound)),
    'undecodable',
    'Zstandard does not',
  )
  t.equal(decompress(codecId.zstd, Buffer.alloc(0), bound).length, 0)
  const frame = compress(codecId.lz4, text)
  t.ok(decompress(codecId.lz4, Buffer.concat([frame, rubbish]), bound).equals(text), 'LZ4 passes it over')
  const blocks = Buffer.concat(halves.map((part) => compress(codecId.snappy, part)))
  t.ok(decompress(codecId.snappy, blocks, bound).equals(text), 'a second Snappy header may follow')
})

t.test('the header checksum of old LZ4 frames is written wrong, as old clients expect, and read either way', async (t) => {
  const old = lz4OfMagic0.compress(text)
  t.ok(lz4OfMagic0.decompress(old, bound).equals(text))
  t.ok(lz4OfMagic0.decompress(compress(codecId.lz4, text), bound).equals(text))
  t.equal(
    fault(() => decompress(codecId.lz4, old, bound)),
    'undecodable',
    'new frames must be right',
  )
  t.equal(xxHash32(Buffer.alloc(0)), 0x02cc_5d05, 'the hash of nothing')
})
