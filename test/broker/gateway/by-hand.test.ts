/** A human with a terminal: the lines of the protocol's page, typed as they stand there, into a real broker. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { WebSocket } from 'ws'
import { StreamBroker } from '../../support/stream-broker.ts'

const page = readFileSync(new URL('../../../broker/gateway/PROTOCOL.md', import.meta.url), 'utf8')
const lines = page.split('\n').filter((line) => line.startsWith('> {'))
const settings = { 'group.consumer.heartbeat.interval.ms': 100, 'group.consumer.min.heartbeat.interval.ms': 100 }

interface Heard {
  readonly type: string
  readonly request?: number
  readonly subscription?: number
  readonly code?: string
}

/** What is typed, and what is to come before the next line; to the others nothing need come. */
const answers: Readonly<Record<string, string>> = {
  hello: 'welcome',
  subscribe: 'subscribed',
  unsubscribe: 'unsubscribed',
  commit: 'committed',
  topics: 'topics',
  identify: 'identity',
  publish: 'published',
  ping: 'pong',
}

t.test('every line of a client that is on the page can be typed, in the order of the page', async (t) => {
  const broker = await StreamBroker.start(settings)
  t.teardown(() => broker.close())
  await broker.create('orders', 2)
  for (const partition of [0, 1]) await broker.fill('orders', 50, { partition })
  const socket = new WebSocket(`${broker.url}/v1/stream`, 'stele.v1.json')
  const heard: Heard[] = []
  let wake: (() => void) | undefined
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    t.notOk(isBinary, 'text is answered with text')
    heard.push(JSON.parse(data.toString()) as Heard)
    wake?.()
  })
  socket.on('close', (code, reason) => t.equal(code, 1005, `closed: ${reason.toString()}`))
  await once(socket, 'open')
  const until = async (isIt: (message: Heard) => boolean) => {
    while (!heard.some(isIt)) await new Promise<void>((resolve) => (wake = resolve))
  }
  for (const line of lines) {
    const typed = JSON.parse(line.slice(2)) as Heard
    heard.length = 0
    socket.send(line.slice(2))
    const answer = answers[typed.type]
    if (answer === undefined) continue
    await until(({ type, request, subscription }) => {
      if (type !== answer) return false
      return typed.request === undefined ? subscription === typed.subscription : request === typed.request
    })
    if (typed.subscription === 1 && typed.type === 'subscribe') await until(({ type }) => type === 'batches')
    if (line.includes('"group"')) await until(({ type }) => type === 'assigned')
    t.notOk(
      heard.some(({ type }) => type === 'error'),
      line,
    )
  }
  t.ok(lines.length > 15)
  socket.close()
  await once(socket, 'close')
})

t.test('fields that nobody knows are passed over, and a mistake is answered in words', async (t) => {
  const broker = await StreamBroker.start()
  t.teardown(() => broker.close())
  const socket = new WebSocket(`${broker.url}/v1/stream`, 'stele.v1.json')
  await once(socket, 'open')
  socket.send('{"type":"hello","mood":"good"}')
  const [welcome] = (await once(socket, 'message')) as [Buffer]
  t.match(JSON.parse(welcome.toString()), { type: 'welcome' })
  socket.send('{"type":"subscribe","subscription":"one"}')
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer]
  t.equal(code, 4000)
  t.match(reason.toString(), /^subscribe\.subscription must be an integer/)
})
