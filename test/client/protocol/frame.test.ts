import t from 'tap'
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
  const frames: { text: string; owned: boolean; frame: Buffer }[] = []
  return { frames, take: (frame: Buffer, owned: boolean) => void frames.push({ text: frame.toString(), owned, frame }) }
}

t.test('frames that came whole are views of what came', async (t) => {
  const received = framed('one', '', 'three')
  const { frames, take } = collector()
  new FrameCutter({ bytesMax: 100 }).push(received, take)
  t.same(
    frames.map(({ text, owned }) => [text, owned]),
    [
      ['one', false],
      ['', false],
      ['three', false],
    ],
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
        cutter.push(reused, (frame, owned) => take(owned ? frame : Buffer.from(frame), owned))
        reused.fill(0xff)
      }
      if (frames.map(({ text }) => text).join() !== 'a,bcdef,,ghi')
        t.fail(`cut at ${first} and ${second}: ${frames.map(({ text }) => text).join()}`)
      if (cutter.expectedBytes !== 0) t.fail(`cut at ${first} and ${second}: something is still expected`)
    }
  }
  t.pass('all cuts')
})

t.test('a frame in parts is gathered in a buffer of exactly its size, and is the taker’s', async (t) => {
  const { frames, take } = collector()
  const cutter = new FrameCutter({ bytesMax: 100 })
  const bytes = framed('hello world')
  cutter.push(bytes.subarray(0, 9), take)
  t.equal(cutter.expectedBytes, 11)
  cutter.push(bytes.subarray(9), take)
  t.equal(cutter.expectedBytes, 0)
  t.match(frames, [{ text: 'hello world', owned: true }])
  t.equal(frames[0]?.frame.buffer.byteLength, 11)
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
  t.ok(process.memoryUsage().arrayBuffers - before < 2 * 10 * 1024 * 1024, 'ten announcements of 100 MB')
})

t.test('a large frame arrives whole', async (t) => {
  const body = Buffer.alloc(5_000_001)
  for (let i = 0; i < body.length; i += 1000) body.writeUInt32LE(i, Math.min(i, body.length - 4))
  const bytes = Buffer.concat([sized(body.length), body])
  let whole: Buffer | undefined
  const cutter = new FrameCutter({ bytesMax: body.length })
  for (let at = 0; at < bytes.length; at += 65_536) {
    cutter.push(bytes.subarray(at, at + 65_536), (frame) => {
      whole = frame
    })
  }
  t.ok(whole?.equals(body))
})
