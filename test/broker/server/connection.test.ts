import t from 'tap'
import type { Connection } from '../../../broker/platform/network.ts'
import { ClientConnection, type Exchange, type Host } from '../../../broker/server/connection.ts'
import { Outbox } from '../../../broker/server/outbox.ts'
import { BufferPool } from '../../../client/protocol/buffer-pool.ts'
import { RequestMemory } from '../../../broker/server/request-memory.ts'

/** The peer's side of a connection, as seen by the broker. */
class Peer implements Connection {
  readonly remote = { host: '127.0.0.1', port: 50_000 }
  readonly local = { host: '127.0.0.1', port: 9092 }
  readonly bufferedBytes = 0
  /** The writes it got, each as one text. */
  readonly writes: string[] = []
  reading = true
  takes = true
  state: 'open' | 'ended' | 'destroyed' = 'open'
  unsent: (() => void)[] = []
  write(chunks: readonly Uint8Array[], sent?: () => void): boolean {
    this.writes.push(Buffer.concat(chunks).toString())
    if (this.takes) sent?.()
    else if (sent) this.unsent.push(sent)
    return this.takes
  }
  pause() {
    this.reading = false
  }
  resume() {
    this.reading = true
  }
  end() {
    this.state = 'ended'
  }
  destroy() {
    this.state = 'destroyed'
  }
}

interface Asked extends Exchange {
  text: string
  answer: readonly Buffer[] | undefined
  sent: (() => void)[]
  disconnects?: string
  abandoned?(): void
}

/** Frames that begin with P are pipelined, those with ! break the protocol, those with = are answered at once. */
function setUp({ frameBytesMax = 1000, memoryBytes = 10_000 } = {}) {
  const asked: Asked[] = []
  const memory = new RequestMemory(memoryBytes)
  const gone: string[] = []
  const clock = { now: 0 }
  const host: Host = {
    outbox: new Outbox(),
    memory,
    frameBytesMax,
    frameBuffers: new BufferPool(1000),
    metrics: { received() {}, sent() {} },
    now: () => clock.now,
    isPipelined: (frame) => frame.toString().startsWith('P'),
    begin(frame) {
      const text = frame.toString()
      if (text.startsWith('!')) throw new Error('what is this?')
      const exchange: Asked = {
        text,
        pipelined: text.startsWith('P'),
        answer: text.startsWith('=') ? [Buffer.from(text)] : undefined,
        sent: [],
      }
      asked.push(exchange)
      return exchange
    },
    starved: () => undefined,
    gone: (connection) => void gone.push(connection.closingReason ?? ''),
  }
  const peer = new Peer()
  const connection = new ClientConnection(1, peer, 'PLAINTEXT', host)
  const answer = (index: number, text: string) => {
    const exchange = asked[index] as Asked
    exchange.answer = text === '' ? [] : [Buffer.from(text)]
    connection.answered(exchange)
  }
  return { clock, asked, memory, gone, peer, connection, answer, texts: () => asked.map(({ text }) => text) }
}

function frames(...texts: string[]): Buffer {
  return Buffer.concat(
    texts.map((text) => {
      const frame = Buffer.alloc(4 + text.length)
      frame.writeInt32BE(text.length)
      frame.write(text, 4)
      return frame
    }),
  )
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

t.test('answers leave in the order asked, whichever is ready first, and together where they can', async (t) => {
  const { peer, connection, answer, texts } = setUp()
  connection.bytes(frames('P1', 'P2', 'P3'))
  t.same(texts(), ['P1', 'P2', 'P3'], 'pipelined requests start at once')
  answer(2, 'three')
  answer(1, 'two')
  await turn()
  t.same(peer.writes, [], 'nothing overtakes the first')
  answer(0, 'one')
  await turn()
  t.same(peer.writes, ['onetwothree'], 'one gathered write')
})

t.test('a request that is not pipelined waits for those before it, and is not read past', async (t) => {
  const { peer, connection, answer, texts, memory } = setUp()
  connection.bytes(frames('P1', 'fetch', 'P2'))
  t.same(texts(), ['P1'])
  t.notOk(peer.reading)
  t.equal(memory.bytesInUse, 7, 'what waits counts as request memory')
  answer(0, 'one')
  t.same(texts(), ['P1', 'fetch'])
  answer(1, 'two')
  t.same(texts(), ['P1', 'fetch', 'P2'])
  t.ok(peer.reading)
  t.equal(memory.bytesInUse, 0)
  answer(2, '')
  await turn()
  t.same(peer.writes, ['onetwo'], 'an empty answer sends nothing')
})

t.test('frames are cut however the bytes come', async (t) => {
  const { peer, connection } = setUp()
  const bytes = frames('=a', '=bb', '=ccc')
  for (const byte of bytes) connection.bytes(Buffer.from([byte]))
  await turn()
  t.equal(peer.writes.join(''), '=a=bb=ccc')
})

t.test('a peer that does not take its answers is not served more until it does', async (t) => {
  const { peer, connection, texts, answer, asked } = setUp()
  peer.takes = false
  let sent = 0
  connection.bytes(frames('P1'))
  asked[0]?.sent.push(() => sent++)
  answer(0, 'big')
  await turn()
  t.notOk(peer.reading)
  t.equal(sent, 0, 'the answer has not left')
  connection.bytes(frames('P2'))
  t.same(texts(), ['P1'])
  peer.takes = true
  for (const done of peer.unsent) done()
  t.equal(sent, 1)
  connection.drained()
  t.same(texts(), ['P1', 'P2'])
  t.ok(peer.reading)
})

t.test('what breaks the protocol ends the connection, with the reason', async (t) => {
  const { peer, connection, gone, texts } = setUp()
  connection.bytes(frames('=1', '!', 'P2'))
  t.equal(peer.state, 'destroyed')
  connection.closed()
  t.same(gone, ['what is this?'])
  t.same(texts(), ['=1'], 'nothing after it is read')
})

t.test('a frame over the limit, or of negative size, ends the connection before it is read', async (t) => {
  for (const size of [1001, 0x7fffffff, -1]) {
    const { peer, connection } = setUp()
    const head = Buffer.alloc(8)
    head.writeInt32BE(size)
    connection.bytes(head)
    t.equal(peer.state, 'destroyed', `size ${size}`)
  }
})

t.test('a large frame waits for room in the request memory', async (t) => {
  const { peer, connection, memory, texts } = setUp({ memoryBytes: 100 })
  memory.take(100)
  const frame = frames(`P${'x'.repeat(300)}`)
  connection.bytes(frame.subarray(0, 50))
  t.notOk(peer.reading, 'no room: not read on')
  memory.give(100)
  t.ok(peer.reading, 'room again')
  t.equal(memory.bytesInUse, 301)
  connection.bytes(frame.subarray(50))
  t.equal(texts().length, 1)
  t.equal(memory.bytesInUse, 0)
})

t.test('a connection that is gone gives back all it held', async (t) => {
  const { connection, memory, asked, answer, gone, peer } = setUp()
  connection.bytes(frames('P1', 'fetch', 'P2'))
  let sent = 0
  asked[0]?.sent.push(() => sent++)
  connection.closed()
  t.equal(memory.bytesInUse, 0)
  t.same(gone, ['the peer closed it'])
  answer(0, 'late')
  t.equal(sent, 1, 'buffers of an answer that never left are given back')
  await turn()
  t.same(peer.writes, [])
})

t.test('a closing broker answers what was asked, then ends the connection', async (t) => {
  const { peer, connection, answer } = setUp()
  connection.bytes(frames('P1'))
  connection.drain()
  t.equal(peer.state, 'open')
  answer(0, 'one')
  await turn()
  t.same(peer.writes, ['one'])
  t.equal(peer.state, 'ended')
  const quiet = setUp()
  quiet.connection.drain()
  t.equal(quiet.peer.state, 'ended', 'one with nothing to answer ends at once')
})

t.test('an answer that leaves makes its connection active again', async (t) => {
  const { clock, connection, answer } = setUp()
  connection.bytes(frames('fetch'))
  clock.now = 500
  answer(0, 'one')
  await turn()
  t.equal(connection.lastActive, 500)
})

t.test('where a connection must end instead of an answer, those before it leave first and nothing behind it begins', async (t) => {
  const { connection, peer, asked, answer, memory, texts } = setUp()
  connection.bytes(frames('P1', 'P2', 'fetch'))
  answer(0, 'one')
  ;(asked[1] as Asked).disconnects = 'refused'
  answer(1, '')
  t.same(peer.writes, ['one'])
  t.equal(peer.state, 'destroyed')
  connection.closed()
  t.same(texts(), ['P1', 'P2'])
  t.equal(memory.bytesInUse, 0)
})

t.test('nothing more is begun while more than a megabyte of answers has not been offered to the peer', async (t) => {
  const { connection, asked, peer } = setUp({ frameBytesMax: 2_000_000 })
  const large = `=${'x'.repeat(400_000)}`
  connection.bytes(frames(large, large, large, large, large))
  t.equal(asked.length, 3)
  await turn()
  t.equal(asked.length, 5, 'the peer took them: on it goes')
  t.equal(peer.writes.join('').length, 5 * large.length)
})

t.test('a connection that goes while it waits for room takes none, and its unanswered requests are told', async (t) => {
  const { connection, memory, asked } = setUp({ memoryBytes: 100 })
  let abandoned = 0
  connection.bytes(frames('fetch', 'x'.repeat(150)))
  ;(asked[0] as Asked).abandoned = () => abandoned++
  connection.bytes(frames('y'.repeat(300)).subarray(0, 50))
  t.equal(memory.bytesInUse, 150)
  connection.closed()
  t.equal(memory.bytesInUse, 0)
  t.equal(abandoned, 1)
})

t.test('who takes room for a large frame and hardly sends it hoards; who sends, or is not read, does not', async (t) => {
  const begin = (bytes: number, before: Buffer[] = []) => {
    const { clock, connection } = setUp({ frameBytesMax: 100_000_000, memoryBytes: 200_000_000 })
    connection.bytes(Buffer.concat([...before, frames('x'.repeat(50_000_000)).subarray(0, 4 + bytes)]))
    t.notOk(connection.isHoarding, 'not at once')
    clock.now = 10_000
    return connection.isHoarding
  }
  t.ok(begin(1))
  t.ok(begin(10_000_000))
  t.notOk(begin(11_000_000))
  t.notOk(begin(1, [frames('fetch', 'fetch')]))
})
