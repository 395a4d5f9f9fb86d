/** A topic in a real browser, through the bundle that is published: everything once over a reload, and a tab that stalls is held back. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { bundleForBrowsers } from '../../config/browser-bundle.ts'
import { Stele, text } from '../../client/browser.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../../client/protocol/messages/create-topics.ts'
import { BrokerProcess } from '../support/broker-process.ts'
import { Chromium } from '../support/chromium.ts'
import { RawClient } from '../support/raw-client.ts'
import { StreamBroker } from '../support/stream-broker.ts'
import { full, missing } from './cache.ts'

const count = full ? 1_000_000 : 50_000
const batchRecords = 1000

/** Counts records, checks that each is the next one, and keeps its place where a reload does not take it. */
const reading = `<!doctype html><title>reader</title><script type="module">
  import { Stele, text } from '/stele.js'
  const stele = new Stele({ url: location.origin.replace('http', 'ws') })
  let next = Number(sessionStorage.getItem('next') ?? 0)
  window.state = { next, started: next, wrong: '' }
  const consumer = stele.consumer({ topics: ['live'], value: text, from: { offset: next } })
  for await (const { records } of consumer.batches()) {
    for (const { offset, value } of records) {
      if (offset !== next || !value.startsWith('v' + next + ' ')) state.wrong ||= 'offset ' + offset + ' with ' + value + ' where ' + next + ' was expected'
      next++
    }
    sessionStorage.setItem('next', next)
    state.next = next
  }
</script>`

/** Takes one record, and then is busy with something else. */
const stalling = `<!doctype html><title>stalled</title><script type="module">
  import { Stele } from '/stele.js'
  const stele = new Stele({ url: location.origin.replace('http', 'ws') })
  const consumer = stele.consumer({ topics: ['live'], from: 'beginning', maxBytes: 65536 })
  await consumer[Symbol.asyncIterator]().next()
  window.hasStalled = true
</script>`

const publishing = `<!doctype html><title>publisher</title><script type="module">
  import { Stele, json } from '/stele.js'
  const stele = new Stele({ url: location.origin.replace('http', 'ws') })
  window.send = async (count) => {
    const producer = stele.producer({ value: json() })
    const sent = await producer.send('made', Array.from({ length: count }, (_, n) => ({ value: { n } })))
    return sent.map(({ offset }) => offset)
  }
</script>`

t.test('Chromium reads and writes', { skip: missing('chromium'), timeout: 600_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'stele-page-'))
  await bundleForBrowsers(join(folder, 'stele.js'))
  const bundle = readFileSync(join(folder, 'stele.js'))
  rmSync(folder, { recursive: true })
  const pages: Record<string, [contentType: string, body: string | Buffer]> = {
    '/stele.js': ['text/javascript', bundle],
    '/reader': ['text/html', reading],
    '/stalled': ['text/html', stalling],
    '/publisher': ['text/html', publishing],
  }
  const broker = await StreamBroker.start({}, ({ path }) => {
    const [contentType, body] = pages[path] ?? ['text/plain', '']
    return { status: pages[path] ? 200 : 404, contentType, body }
  })
  t.teardown(() => broker.close())
  await broker.create('live')
  await broker.create('made')
  const fill = async (from: number, to: number) => {
    for (let first = from; first < to; first += batchRecords) {
      const records = Array.from({ length: batchRecords }, (_, index) => ({
        timestamp: 1,
        value: Buffer.from(`v${first + index} `.padEnd(100, '.')),
      }))
      await broker.produce('live', records)
    }
  }
  await fill(0, count / 2)
  const chromium = await Chromium.start()
  t.teardown(() => chromium.close())
  const page = `http://127.0.0.1:${broker.port}`

  const stalled = await chromium.open(`${page}/stalled`)
  await stalled.until('window.hasStalled')

  const before = (await broker.figures()).records
  const tab = await chromium.open(`${page}/reader`)
  const started = performance.now()
  await tab.until(`window.state?.next > ${count / 20}`)
  await tab.reload()
  const filled = fill(count / 2, count)
  await tab.until(`window.state?.next >= ${count}`)
  const seconds = (performance.now() - started) / 1000
  await filled
  const state = await tab.evaluate('window.state')
  t.match(state, { next: count, wrong: '' }, 'each record once, in order')
  t.ok(state.started > 0 && state.started < count, `went on at ${state.started} after the reload`)
  t.comment(`${count} records in ${seconds.toFixed(1)} s, a reload among them`)

  const { records } = await broker.figures()
  t.ok(before * 116 <= 2 * 65_536, `${before} records were sent to the tab that stalls`)
  t.ok(records - before < count + 50_000, 'and no more came to it')

  const publisher = await chromium.open(`${page}/publisher`)
  await publisher.until('window.send !== undefined')
  t.strictSame(
    await publisher.evaluate('send(500)'),
    Array.from({ length: 500 }, (_, n) => n),
    'what a page publishes is there',
  )
})

t.test('the page that a broker shows at / lists topics and shows records as they come', { skip: missing('chromium') }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'stele-page-'))
  const broker = await BrokerProcess.start(directory, {}, { http: '127.0.0.1:0' })
  t.teardown(async () => {
    await broker.end('SIGTERM')
    rmSync(directory, { recursive: true, force: true })
  })
  const http = await broker.http()
  const kafka = await RawClient.connect(Number(broker.bootstrap.split(':')[1]))
  t.teardown(() => kafka.close())
  const topics = [{ name: 'orders', numPartitions: 1, replicationFactor: 1 }]
  await kafka.ask(CreateTopicsRequest, CreateTopicsResponse, 5, { topics, timeoutMs: 10_000 })
  const chromium = await Chromium.start()
  t.teardown(() => chromium.close())
  const tab = await chromium.open(`http://${http}/`)
  await tab.until("document.getElementById('state').textContent.startsWith('reading orders')")
  const writer = new Stele({ url: `ws://${http}` })
  t.teardown(() => writer.close())
  const producer = writer.producer({ key: text, value: text })
  const shown = "[...document.querySelectorAll('#records tr')].map((row) => [...row.cells].map((cell) => cell.textContent))"
  // The page reads from the end: what is written before it is there is not shown.
  for (let n = 0; (await tab.evaluate(`${shown}.length`)) === 0; n++)
    await producer.send('orders', { key: 'k', value: `<b>${n}</b>`, timestamp: 0 })
  const [[partition, , time, key, value]] = (await tab.evaluate(shown)) as [string[]]
  t.match([partition, time, key], ['0', '00:00:00.000', 'k'])
  t.match(value, /^<b>\d+<\/b>$/, 'as text, whatever it says')
})
