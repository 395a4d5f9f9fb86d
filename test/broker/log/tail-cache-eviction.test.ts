import t from 'tap'
import { TailCache } from '../../../broker/log/tail-cache.ts'

t.test('buffers kept by reference stay whole while older ones make room for them', async (t) => {
  const cache = new TailCache(20_000)
  const tail = cache.openTail()
  const file = { writtenBytes: 0 }
  let end = 0
  for (let round = 0; round < 200; round++) {
    const bytes = Buffer.alloc(1000, round)
    tail.append(file, end, bytes, true)
    const held = tail.hold(file, end, end + bytes.length)
    t.same(held?.chunks, [bytes], `batch ${round}`)
    held?.release()
    end += bytes.length
    file.writtenBytes = end
  }
})
