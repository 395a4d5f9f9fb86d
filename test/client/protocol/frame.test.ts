import t from 'tap'
import { BufferPool } from '../../../client/protocol/buffer-pool.ts'
import { FrameCutter } from '../../../client/protocol/frame.ts'
import { DecodeError } from '../../../client/protocol/malformed.ts'

function framed(...bodies: string[]): Buffer {
  return Buffer.concat(bodies.flatMap((body) => [sized(body.length), Buffer.from(body)]))
}

function sized(size: number): Buffer {
  const head = Buffer.alloc(4)
  head.writeInt32BE(size)
  return head
}

function unexpected(): void {
  throw new Error('no frame was to come')
}

function collector() {
  const frames: { text: string; frame: Buffer }[] = []
  return { frames, take: (frame: Buffer) => void frames.push({ text: frame.toString(), frame }) }
}

t.test('frames that came whole are views of what came', async (t) => {
  const received = framed('one', '', 'three')
  const { frames, take } = collector()
  new FrameCutter({ bytesMax: 100 }).push(received, take)
  t.same(
    frames.map(({ text }) => text),
    ['one', '', 'three'],
  )
  t.ok(frames.every(({ frame }) => frame.buffer === received.buffer))
})

t.test('wherever the bytes are cut in two or three, the same frames come out', async (t) => {
  const bytes = framed('a', 'bcdef', '', 'ghi')
  for (let first = 0; first <= bytes.length; first++) {
    for (let second = first; second <= bytes.length; second++) {
      const { frames, take } = collector()
      const cutter = new FrameCutter({ bytesMax: 5 })
      for (const part of [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)]) {
        // The receive buffer is reused: what was pushed is overwritten once push returns.
        const reused = Buffer.from(part)
        cutter.push(reused, take)
        reused.fill(0xff)
      }
      if (frames.map(({ text }) => text).join() !== 'a,bcdef,,ghi')
        t.fail(`cut at ${first} and ${second}: ${frames.map(({ text }) => text).join()}`)
      if (cutter.expectedBytes !== 0) t.fail(`cut at ${first} and ${second}: something is still expected`)
    }
  }
  t.pass('all cuts')
})

t.test('a frame in parts is gathered, and the buffer serves the next ones', async (t) => {
  const { frames, take } = collector()
  const buffers = new BufferPool(10_000)
  const cutters = [new FrameCutter({ bytesMax: 100, buffers }), new FrameCutter({ bytesMax: 100, buffers })] as const
  const bytes = framed('hello world')
  for (const cutter of [...cutters, ...cutters]) {
    cutter.push(bytes.subarray(0, 9), take)
    t.equal(cutter.expectedBytes, 11)
    cutter.push(bytes.subarray(9), take)
    t.equal(cutter.expectedBytes, 0)
  }
  t.same(
    frames.map(({ text }) => text),
    ['hello world', 'hello world', 'hello world', 'hello world'],
  )
  t.equal(new Set(frames.map(({ frame }) => frame.buffer)).size, 1, 'one buffer for all, one after the other')
})

t.test('two frames in the making never share a buffer, and an abandoned one gives its back', async (t) => {
  const { frames, take } = collector()
  const buffers = new BufferPool(10_000)
  const one = new FrameCutter({ bytesMax: 100, buffers })
  const two = new FrameCutter({ bytesMax: 100, buffers })
  const gone = new FrameCutter({ bytesMax: 100, buffers })
  gone.push(framed('abandoned').subarray(0, 8), unexpected)
  gone.abandon()
  one.push(framed('first').subarray(0, 6), unexpected)
  two.push(framed('other').subarray(0, 6), unexpected)
  one.push(framed('first').subarray(6), take)
  two.push(framed('other').subarray(6), take)
  t.same(
    frames.map(({ text }) => text),
    ['first', 'other'],
  )
})

t.test('a size that is negative or beyond the bound is refused before anything is allocated', async (t) => {
  for (const size of [-1, -2147483648, 101, 0x7fffffff]) {
    for (const cut of [4, 2]) {
      const cutter = new FrameCutter({ bytesMax: 100 })
      const head = sized(size)
      t.throws(() => {
        cutter.push(head.subarray(0, cut), unexpected)
        cutter.push(head.subarray(cut), unexpected)
      }, DecodeError)
      t.equal(cutter.expectedBytes, 0)
    }
  }
})

t.test('a large frame takes memory as its bytes come, not as its size says', async (t) => {
  const size = 100_000_000
  const before = process.memoryUsage().arrayBuffers
  const cutters = Array.from({ length: 10 }, () => new FrameCutter({ bytesMax: size }))
  for (const cutter of cutters) {
    cutter.push(sized(size), unexpected)
    t.equal(cutter.expectedBytes, size)
  }
  t.ok(process.memoryUsage().arrayBuffers - before < 3 * 10 * 1024 * 1024, 'ten announcements of 100 MB')
})

t.test('a large frame arrives whole', async (t) => {
  const body = Buffer.alloc(5_000_001)
  for (let i = 0; i < body.length; i += 1000) body.writeUInt32LE(i, Math.min(i, body.length - 4))
  const bytes = Buffer.concat([sized(body.length), body])
  let whole: Buffer | undefined
  const cutter = new FrameCutter({ bytesMax: body.length })
  for (let at = 0; at < bytes.length; at += 65_536) {
    cutter.push(bytes.subarray(at, at + 65_536), (frame) => {
      whole = Buffer.from(frame)
    })
  }
  t.ok(whole?.equals(body))
})
