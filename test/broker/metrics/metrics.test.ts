import { readFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { CleanerStatistics } from '../../../broker/log/compaction/cleaner-statistics.ts'
import { BrokerMetrics } from '../../../broker/metrics/broker-metrics.ts'
import { EventLoopLag } from '../../../broker/metrics/event-loop-lag.ts'
import { type Health, serveMonitor } from '../../../broker/metrics/http.ts'
import { LatencyHistogram } from '../../../broker/metrics/latency-histogram.ts'
import { MetricRegistry } from '../../../broker/metrics/registry.ts'
import type { Address } from '../../../broker/platform/network.ts'
import { nodeHttp } from '../../../broker/platform/node/http.ts'
import { nodeVitals } from '../../../broker/platform/node/vitals.ts'

const names = {
  api: (key: number) => (key === 0 ? 'Produce' : `Api${key}`),
  error: (code: number) => (code === 3 ? 'UNKNOWN_TOPIC_OR_PARTITION' : `E${code}`),
}

function lines(exposition: string, name: string): string[] {
  return exposition.split('\n').filter((line) => line.startsWith(name))
}

t.test('a histogram counts each time into the one bucket that holds it', (t) => {
  const histogram = new LatencyHistogram()
  const times = [0, 0.000_001, 0.000_063, 0.000_065, 0.000_1, 0.001, 0.002_5, 0.1, 3, 100, 10_000]
  for (const seconds of times) histogram.observe(seconds)
  const { bounds, cumulative, count, sum } = histogram.snapshot()
  t.equal(count, times.length)
  t.ok(Math.abs(sum - times.reduce((left, right) => left + right)) < 1e-6)
  for (const [index, bound] of bounds.entries()) {
    t.equal(cumulative[index], times.filter((seconds) => seconds < bound).length, `at most ${bound}`)
  }
  t.end()
})

t.test("a histogram's quantile is within a bucket's width of the true one", (t) => {
  const histogram = new LatencyHistogram()
  t.equal(histogram.quantile(0.5), 0)
  for (let micros = 1; micros <= 100_000; micros++) histogram.observe(micros / 1e6)
  for (const share of [0.01, 0.5, 0.9, 0.99, 0.999, 1]) {
    const ratio = histogram.quantile(share) / (share * 0.1)
    t.ok(ratio >= 1 && ratio <= 1.26, `${share}: ${ratio}`)
  }
  t.end()
})

t.test('a scrape tells what was counted, and asks the parts for the rest', async (t) => {
  const metrics = new BrokerMetrics(names)
  const compaction = new CleanerStatistics()
  metrics.request(0, 0.001, 0)
  metrics.request(0, 0.002, 3)
  metrics.request(18, 0.000_1, -1)
  metrics.request(18, 0.000_1, 9999)
  metrics.received(100)
  metrics.sent(7)
  metrics.flushed(0.003)
  metrics.ask({
    connections: () => 5,
    requestMemoryBytes: () => 6,
    requestsWaiting: () => 7,
    topicSizes: () => [{ topic: 'a"b', bytes: 8, partitions: 2 }],
    partitionsOffline: () => 0,
    tailCacheBytes: () => 9,
    tailCacheHits: () => 10,
    tailCacheMisses: () => 11,
    compaction: () => compaction,
    streams: () => undefined,
    transactions: () => ({ ongoing: 1, committed: 2, aborted: 3, timedOut: 4, markersOutstanding: 5 }),
    groups: () => ({
      counts: [{ type: 'Consumer', state: 'Stable', groups: 2, members: 6 }],
      offsets: 12,
      commits: 13,
      expired: 14,
      rebalances: { classic: 15, consumer: 16 },
    }),
  })
  metrics.askProcess(nodeVitals)
  compaction.looked(5000)
  compaction.measured({ firstDirtyOffset: 0, segments: [], dirtyBytes: 3, ratio: 0.75, delayMillis: 2000, isDue: true })
  compaction.passed({ endOffset: 1, bytesRead: 80, bytesWritten: 20, recordsRead: 8, recordsKept: 2, keyless: 0, mapUtilization: 0.5 }, 1.5)
  const exposition = await metrics.registry.exposition()
  t.match(exposition, /# TYPE stele_request_seconds histogram/)
  t.same(lines(exposition, 'stele_request_seconds_count'), [
    'stele_request_seconds_count{api="Produce"} 2',
    'stele_request_seconds_count{api="Api18"} 2',
  ])
  t.ok(exposition.includes('stele_request_seconds_bucket{le="0.001024",api="Produce"} 1'))
  t.ok(exposition.includes('stele_request_seconds_bucket{le="+Inf",api="Produce"} 2'))
  t.same(lines(exposition, 'stele_request_errors_total'), [
    'stele_request_errors_total{api="Produce",error="UNKNOWN_TOPIC_OR_PARTITION"} 1',
    'stele_request_errors_total{api="Api18",error="E-1"} 1',
    'stele_request_errors_total{api="Api18",error="E254"} 1',
  ])
  t.same(lines(exposition, 'stele_received_bytes_total'), ['stele_received_bytes_total 100'])
  t.same(lines(exposition, 'stele_log_bytes'), ['stele_log_bytes{topic="a\\"b"} 8'])
  t.same(lines(exposition, 'stele_tail_cache_reads_total'), [
    'stele_tail_cache_reads_total{result="hit"} 10',
    'stele_tail_cache_reads_total{result="miss"} 11',
  ])
  t.same(lines(exposition, 'stele_groups'), ['stele_groups{type="Consumer",state="Stable"} 2'])
  t.same(lines(exposition, 'stele_group_members'), ['stele_group_members{type="Consumer",state="Stable"} 6'])
  t.same(lines(exposition, 'stele_group_rebalances_total'), [
    'stele_group_rebalances_total{type="Classic"} 15',
    'stele_group_rebalances_total{type="Consumer"} 16',
  ])
  t.same(lines(exposition, 'stele_compaction_bytes_total'), [
    'stele_compaction_bytes_total{kind="read"} 80',
    'stele_compaction_bytes_total{kind="kept"} 20',
  ])
  t.match(exposition, /stele_compaction_recopy_ratio 0.25/)
  t.match(exposition, /stele_compaction_max_dirty_ratio 0.75/)
  t.match(exposition, /stele_compaction_max_delay_seconds 2/)
  t.match(exposition, /stele_compaction_looked_timestamp_seconds 5/)
  t.same(lines(exposition, 'stele_transactions_total'), [
    'stele_transactions_total{outcome="committed"} 2',
    'stele_transactions_total{outcome="aborted"} 3',
    'stele_transactions_total{outcome="timed out"} 4',
  ])
  t.match(exposition, /stele_transactions_ongoing 1/)
  t.match(exposition, /stele_transaction_markers_outstanding 5/)
  t.equal(lines(exposition, 'process_resident_memory_bytes').length, 1)
  metrics.received(1)
  t.match(await metrics.registry.exposition(), /stele_received_bytes_total 101/)
})

t.test('two brokers of one process count apart', async (t) => {
  const [one, two] = [new BrokerMetrics(names), new BrokerMetrics(names)]
  one.received(1)
  t.match(await one.registry.exposition(), /stele_received_bytes_total 1/)
  t.match(await two.registry.exposition(), /stele_received_bytes_total 0/)
})

t.test('how late the event loop is, is told by a timer that comes late', (t) => {
  let now = 0
  let wake: (() => void) | undefined
  let cancelled = 0
  const observed: number[] = []
  const clock = {
    now: () => now,
    monotonic: () => now,
    endOfTurn: (run: () => void) => run(),
    after(_delay: number, run: () => void) {
      wake = run
      return { cancel: () => cancelled++ }
    },
  }
  const lag = new EventLoopLag(clock, (seconds) => observed.push(seconds))
  lag.start()
  now = 250
  wake?.()
  now = 450
  wake?.()
  lag.stop()
  t.same(observed, [0.05, 0])
  t.equal(cancelled, 1)
  t.end()
})

async function monitor(t: Test, health: Partial<Health> = {}) {
  const registry = new MetricRegistry()
  registry.gauge('answer', 'The answer.', () => 42)
  const all: Health = { broken: () => undefined, notReady: () => undefined, ...health }
  const listener = await serveMonitor({ http: nodeHttp, address: { host: '127.0.0.1', port: 0 }, registry, health: all })
  t.teardown(() => listener.close())
  return listener.address
}

const at = ({ host, port }: Address, path: string) => `http://${host}:${port}${path}`

t.test('metrics and health are served over HTTP', async (t) => {
  const address = await monitor(t)
  const metrics = await fetch(at(address, '/metrics?x=1'))
  t.equal(metrics.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  t.match(await metrics.text(), /^answer 42$/m)
  t.equal((await fetch(at(address, '/healthz'))).status, 200)
  t.equal((await fetch(at(address, '/readyz'))).status, 200)
  t.equal((await fetch(at(address, '/nothing'))).status, 404)
  t.equal((await fetch(at(address, '/metrics'), { method: 'POST', body: 'x'.repeat(100_000) })).status, 405)
  const head = await fetch(at(address, '/metrics'), { method: 'HEAD' })
  t.equal(await head.text(), '')
})

t.test('a broker that is starting or broken says so', async (t) => {
  const starting = await monitor(t, { notReady: () => 'starting' })
  t.equal((await fetch(at(starting, '/healthz'))).status, 200)
  const ready = await fetch(at(starting, '/readyz'))
  t.equal(ready.status, 503)
  t.equal(await ready.text(), 'starting\n')
  const broken = await monitor(t, { broken: () => 'a broken invariant' })
  t.equal((await fetch(at(broken, '/healthz'))).status, 503)
  t.equal((await fetch(at(broken, '/readyz'))).status, 503)
})

t.test('a request of nonsense or of too many headers is refused and closed', async (t) => {
  const { host, port } = await monitor(t)
  for (const [sent, status] of [
    ['\u0000\u0001garbage\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\nhost: x\r\na: ${'b'.repeat(20_000)}\r\n\r\n`, 431],
  ] as const) {
    const socket = createConnection({ host, port })
    socket.write(sent)
    t.match(await text(socket), new RegExp(`^HTTP/1.1 ${status} `))
  }
})

t.test('a second server on the same port is an error, not a crash', async (t) => {
  const address = await monitor(t)
  await t.rejects(
    nodeHttp.listen(address, () => ({ status: 200, contentType: 'text/plain', body: '' })),
    { code: 'EADDRINUSE' },
  )
})

t.test('every metric on the dashboard is one that a broker tells', async (t) => {
  const metrics = new BrokerMetrics(names)
  const nothing = () => 0
  metrics.ask({
    connections: nothing,
    requestMemoryBytes: nothing,
    requestsWaiting: nothing,
    topicSizes: () => [],
    partitionsOffline: nothing,
    tailCacheBytes: nothing,
    tailCacheHits: nothing,
    tailCacheMisses: nothing,
    compaction: () => new CleanerStatistics(),
    streams: () => undefined,
    transactions: () => ({ ongoing: 0, committed: 0, aborted: 0, timedOut: 0, markersOutstanding: 0 }),
    groups: () => ({ counts: [], offsets: 0, commits: 0, expired: 0, rebalances: { classic: 0, consumer: 0 } }),
  })
  metrics.askProcess(nodeVitals)
  const told = new Set((await metrics.registry.exposition()).match(/(?<=^# TYPE )\S+/gm))
  const dashboard = JSON.parse(readFileSync(new URL('../../../config/dashboards/stele.json', import.meta.url), 'utf8'))
  const expressions: string[] = dashboard.panels.flatMap((panel: { targets: { expr: string }[] }) => panel.targets.map(({ expr }) => expr))
  t.ok(expressions.length > 10)
  for (const expression of expressions) {
    for (const name of expression.match(/\b(?:stele|process)_\w+/g) ?? []) t.ok(told.has(name.replace(/_(?:bucket|count|sum)$/, '')), name)
  }
})
