import fc from 'fast-check'
import t from 'tap'
import { type Held, type LogTail, TailCache } from '../../../broker/log/tail-cache.ts'

/** A log's file as the cache knows it, and all its bytes. */
class Twin {
  writtenBytes = 0
  bytes = Buffer.alloc(0)
  readonly tail: LogTail

  constructor(cache: TailCache) {
    this.tail = cache.openTail()
  }

  append(size: number, retain: boolean, fill: number): void {
    const bytes = Buffer.alloc(size, fill)
    this.tail.append(this, this.bytes.length, bytes, retain)
    this.bytes = Buffer.concat([this.bytes, bytes])
  }
}

const step = fc.record({
  log: fc.nat(2),
  size: fc.integer({ min: 1, max: 9000 }),
  retain: fc.boolean(),
  fill: fc.nat(255),
  flush: fc.boolean(),
  from: fc.double({ min: 0, max: 1, noNaN: true }),
  keep: fc.boolean(),
})

t.test('what the cache gives is what was appended, however it is bounded and reused, for as long as it is held', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), fc.integer({ min: 0, max: 100_000 }), (steps, bytesMax) => {
      const cache = new TailCache(bytesMax)
      const logs = [new Twin(cache), new Twin(cache), new Twin(cache)]
      const kept: { held: Held; expected: Buffer }[] = []
      for (const { log, size, retain, fill, flush, from, keep } of steps) {
        const twin = logs[log] as Twin
        twin.append(size, retain, fill)
        const unwritten = twin.tail.hold(twin, twin.writtenBytes, twin.bytes.length)
        if (!unwritten) throw new Error('what is not written must be there')
        t.ok(Buffer.concat(unwritten.chunks).equals(twin.bytes.subarray(twin.writtenBytes)))
        unwritten.release()
        if (flush) twin.writtenBytes = twin.bytes.length
        const start = Math.floor(from * twin.bytes.length)
        const held = twin.tail.hold(twin, start, twin.bytes.length)
        if (!held) continue
        const expected = twin.bytes.subarray(start)
        t.ok(Buffer.concat(held.chunks).equals(expected))
        if (keep) kept.push({ held, expected })
        else held.release()
      }
      for (const { held, expected } of kept) {
        t.ok(Buffer.concat(held.chunks).equals(expected))
        held.release()
      }
      for (const { tail } of logs) tail.clear()
      t.equal(cache.bytes, 0)
    }),
    { numRuns: 40 },
  )
  t.end()
})

t.test('small batches lie together: a reader of many gets few chunks', (t) => {
  const twin = new Twin(new TailCache(1024 * 1024))
  for (let at = 0; at < 1000; at++) twin.append(100, false, at & 255)
  twin.writtenBytes = twin.bytes.length
  const held = twin.tail.hold(twin, 50_000, 100_000)
  t.ok(held && held.chunks.length <= 3, `${held?.chunks.length} chunks`)
  t.end()
})
