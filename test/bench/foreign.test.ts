import t from 'tap'
import { bench } from '../../bench/bench.ts'
import { foreignClients } from '../../bench/foreign/catalog.ts'
import { readConsumer, readProducer } from '../../bench/foreign/java.ts'
import { figureRows } from '../../bench/report/figures.ts'
import { startBroker } from '../../broker/index.ts'
import { full } from '../interop/cache.ts'
import { benchLoad } from '../support/bench-load.ts'

const size = 200
const load = benchLoad({ records: 2000, size })

async function measure(clients: readonly string[], workloads: readonly string[]) {
  const said: string[] = []
  await using broker = await startBroker({ settings: { 'group.initial.rebalance.delay.ms': 0 } })
  const targets = [{ bootstrap: broker.bootstrap, pid: undefined, http: '' }]
  const events = { round() {}, measuring() {}, progress() {}, sample() {}, notice: (text: string) => void said.push(text) }
  const report = await bench(
    { targets, workloads, clients, rounds: 1, load },
    { command: 'x', events, signal: new AbortController().signal },
  )
  return { report, said }
}

for (const client of foreignClients) {
  const isQuick = client.name === 'kcat'
  const why = isQuick || full ? client.missing() : 'INTEROP=full'
  t.test(`${client.name} makes the load of produce and of fetch-cold`, { skip: why ?? false }, async (t) => {
    const { report, said } = await measure([client.name], ['produce', 'fetch-cold', 'latency'])
    t.same(said, [`NOT MEASURED: ${client.name} does not make the load of latency.`])
    t.same(
      report.runs.map((run) => ({ workload: run.workload, client: run.client, failures: run.failures })),
      [
        { workload: 'produce', client: client.name, failures: 0 },
        { workload: 'fetch-cold', client: client.name, failures: 0 },
      ],
    )
    for (const { count, bytes, seconds } of report.runs) {
      t.ok(count >= 2000, `${count} records`)
      t.equal(bytes, count * size)
      t.ok(seconds > 0)
    }
    t.equal(figureRows(report)[0]?.workload, `produce (${client.name})`)
  })
}

t.test('what the Java tools print is read', async (t) => {
  const produced = [
    '12 records sent, 2.4 records/sec (0.00 MB/sec), 9.0 ms avg latency, 20.0 ms max latency.',
    '500000 records sent, 125000.000000 records/sec (119.21 MB/sec), 12.34 ms avg latency, 300.00 ms max latency, 5 ms 50th, 20 ms 95th, 30 ms 99th, 40 ms 99.9th.',
    '',
  ]
  t.same(readProducer(produced.join('\n')), { count: 500_000, seconds: 4, latencies: { mean: 12.34, max: 300, p50: 5, p99: 30, p999: 40 } })
  t.throws(() => readProducer('Error: no brokers'), /said nothing that is known/)
  const consumed = '2026-11-21 16:00:00:000, 2026-11-21 16:00:06:000, 476.8, 79.4, 500000, 83333.3, 3500, 2500, 190.7, 200000.0\n'
  t.same(readConsumer(consumed), { count: 500_000, seconds: 2.5 })
  t.throws(() => readConsumer(''), /said nothing that is known/)
})
