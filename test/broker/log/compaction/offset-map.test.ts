import { createHash } from 'node:crypto'
import t from 'tap'
import { KeyHash } from '../../../../broker/log/compaction/key-hash.ts'
import { OffsetMap, offsetMapEntryBytes } from '../../../../broker/log/compaction/offset-map.ts'

t.test('the hash is Chaskey: the vectors of its authors', (t) => {
  const secret = Buffer.from('33343d839f389f004fe69823' + '39cf7a41', 'hex')
  secret.writeUInt32LE(0x2398e64f, 8)
  secret.writeUInt32LE(0x009f389f, 4)
  const hash = new KeyHash(secret)
  const message = Buffer.from(Array.from({ length: 64 }, (_, at) => at))
  const vectors: [number, number[]][] = [
    [0, [0x792e8fe5, 0x75ce87aa, 0x2d1450b5, 0x1191970b]],
    [1, [0x13a9307b, 0x50e62c89, 0x4577bd88, 0xc0bbdc18]],
    [5, [0xbc983d0c, 0x31b14064, 0x234cd7a2, 0x0c92bbf9]],
    [12, [0xfc2c3391, 0x285c8cd5, 0x456508ee, 0xc789e206]],
  ]
  for (const [length, wanted] of vectors) {
    hash.of(message, 0, length)
    t.same(
      [hash.h0, hash.h1, hash.h2, hash.h3].map((word) => word >>> 0),
      wanted,
      `${length} bytes`,
    )
  }
  t.end()
})

t.test('the map knows of each key what was put last, up to the last slot it may fill', (t) => {
  const map = new OffsetMap({ bytes: 1009 * offsetMapEntryBytes, loadFactor: 1, secret: createHash('md5').update('secret').digest() })
  const twin = new Map<string, number>()
  const offsets = [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 52]
  let offset = -1
  for (let at = 0; !map.isFull; at++) {
    const key = Buffer.from(`key ${'x'.repeat(at % 40)} ${at - (at % 3)}`)
    offset = Math.max(offset + 1, offsets[at] ?? 0)
    map.put(key, 0, key.length, offset)
    twin.set(String(key), offset)
    t.equal(map.latestOffset, offset)
  }
  t.equal(map.slots, 1009)
  t.equal(map.count, 1008, 'one slot stays empty')
  t.equal(twin.size, 1008)
  for (const [key, wanted] of twin) if (map.get(Buffer.from(key), 0, key.length) !== wanted) t.fail(key)
  t.equal(map.get(Buffer.from('never put'), 2, 5), -1)
  t.end()
})
