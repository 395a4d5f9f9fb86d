import { existsSync } from 'node:fs'
import t, { type Test } from 'tap'
import { bench, type RoundPlace } from '../../bench/bench.ts'
import type { Load, Plan } from '../../bench/plan.ts'
import { listenerOf, usageOf } from '../../bench/measure/process-usage.ts'
import { figureRows } from '../../bench/report/figures.ts'
import type { Run } from '../../bench/report/report.ts'
import { workloads } from '../../bench/workloads/catalog.ts'
import { startBroker } from '../../broker/index.ts'
import { Stele } from '../../client/index.ts'
import { benchLoad } from '../support/bench-load.ts'
import { StreamBroker } from '../support/stream-broker.ts'

const broker = await StreamBroker.start({ 'group.initial.rebalance.delay.ms': 0 })
const bootstrap = `127.0.0.1:${broker.node.port}`
const target = { bootstrap, pid: undefined, http: `127.0.0.1:${broker.port}` }
const stele = new Stele({ bootstrap })
t.teardown(async () => {
  await stele.close()
  await broker.close()
})

const load = benchLoad()
const silent = { round() {}, measuring() {}, progress() {}, sample() {}, notice() {} }

async function measure(plan: Partial<Plan>, { signal = new AbortController().signal } = {}) {
  const whole = { targets: [target], workloads: ['produce'], clients: ['stele'], rounds: 1, load, ...plan }
  return bench(whole, { command: 'stele bench', events: silent, signal })
}

async function run(workload: string, own: Partial<Load> = {}): Promise<Run> {
  const [run] = (await measure({ workloads: [workload], load: { ...load, ...own } })).runs
  return run as Run
}

function checkLatencies(t: Test, { latencies, count }: Run): void {
  if (!latencies) throw new Error('nothing was timed')
  t.equal(latencies.count, count, 'all that is counted is timed')
  const { p50, p99, p999, max } = latencies
  t.ok(p50 > 0 && p50 <= p99 && p99 <= p999 && p999 <= max, 'quantiles rise')
}

t.test('each workload counts what it does until it has done enough, and leaves no topic behind', async (t) => {
  const records: Record<string, number> = { 'groups-rebalance': 2, transactions: 5 }
  for (const { name, unit, timed } of workloads) {
    await t.test(name, async (t) => {
      const result = await run(name, { records: records[name] ?? 300 })
      t.match(result, { workload: name, unit, client: 'stele', failures: 0 })
      t.ok(result.count >= (records[name] ?? 300), 'enough is done')
      t.ok(result.seconds > 0 && result.seconds < 20, 'and it ends there')
      if (timed === null) t.equal(result.latencies, null)
      else checkLatencies(t, result)
      if (unit === 'records' || unit === 'deliveries') t.equal(result.bytes, result.count * load.size, 'bytes are those of the values')
      t.ok((result.load?.cpuSeconds ?? 0) > 0, 'the load knows what it used')
    })
  }
  t.same(
    (await stele.topics.list()).filter(({ name }) => name.startsWith('bench-')),
    [],
  )
})

t.test('what counts as produced, by several processes, the broker has acknowledged', async (t) => {
  const acknowledged = () => broker.node.counted.requests.filter(({ apiKey, errorCode }) => apiKey === 0 && errorCode === 0).length
  const before = acknowledged()
  const { count, bytes } = await run('produce', { records: 2000, connections: 4, processes: 2, batchBytes: 2000 })
  t.ok(count >= 2000)
  t.ok(acknowledged() - before >= count / 20, 'no batch holds more than 20 records')
  t.equal(bytes, count * load.size)
})

t.test('at a rate no more is sent than was due', async (t) => {
  for (const workload of ['produce', 'latency']) {
    const result = await run(workload, { records: undefined, seconds: 1, rate: 400, processes: 2 })
    checkLatencies(t, result)
    t.equal(result.failures, 0)
    t.ok(result.count > 0 && result.count <= 400 * result.seconds + 10, `${workload}: ${result.count} of 400 a second`)
  }
})

t.test('each consumer of a fan-out is given each record', async (t) => {
  const { count, seconds, failures } = await run('fan-out', { records: undefined, seconds: 1, rate: 200, consumers: 4, processes: 2 })
  t.equal(failures, 0)
  t.ok(count > 200 && count <= 4 * (200 * seconds + 10), `${count} deliveries`)
})

t.test('two targets are measured by turns, and the second is compared to the first', async (t) => {
  const rounds: string[] = []
  const events = { ...silent, round: ({ target, round }: RoundPlace) => rounds.push(`${target} ${round}`) }
  const elsewhere = { ...target, bootstrap: `localhost:${broker.node.port}` }
  const plan: Plan = {
    clients: ['stele'],
    targets: [target, elsewhere],
    workloads: ['produce'],
    rounds: 2,
    load: { ...load, records: 100 },
  }
  const report = await bench(plan, { command: 'x', events, signal: new AbortController().signal })
  t.same(rounds, [`${bootstrap} 0`, `${elsewhere.bootstrap} 0`, `${elsewhere.bootstrap} 1`, `${bootstrap} 1`])
  const [first] = figureRows(report)
  t.match(first, { workload: 'produce', figure: 'records/s' })
  const [a, b] = first?.spreads ?? []
  if (!a || !b) throw new Error('a target has no figure')
  t.ok(a.least <= a.median && a.median <= a.most)
  t.equal(first?.ratio, b.median / a.median)
})

t.test('a broker on this machine is found by its port, and what it uses is told', { skip: !existsSync('/proc/self/stat') }, async (t) => {
  t.equal(listenerOf(bootstrap), process.pid)
  t.equal(listenerOf('192.0.2.1:9092'), undefined)
  t.equal(usageOf(0x7ffffff), undefined)
  const report = await measure({ load: { ...load, records: undefined, seconds: 2 } })
  t.equal(report.plan.targets[0]?.pid, process.pid)
  t.same(report.notes, [])
  const [run] = report.runs
  t.ok((run?.broker?.residentBytes ?? 0) > 1e6)
  t.ok((run?.samples.length ?? 0) > 0)
  for (const { brokerBytes, countPerSecond } of run?.samples ?? []) t.ok((brokerBytes ?? 0) > 1e6 && (countPerSecond ?? -1) >= 0)
})

t.test('what consumers that wait cost a broker is told for each of them', { skip: !existsSync('/proc/self/stat') }, async (t) => {
  const crowd = { ...load, records: 100, consumers: 40 }
  const report = await measure({ targets: [{ ...target, pid: process.pid }], workloads: ['websocket', 'produce'], load: crowd })
  const [streams, produced] = report.runs
  t.type(streams?.figures['idle kB/consumer'], 'number')
  t.same(produced?.figures, {}, 'nobody waits there')
  t.ok(figureRows(report).some(({ workload, figure }) => workload === 'websocket' && figure === 'idle kB/consumer'))
})

t.test('a round that is asked to stop ends with what it has', async (t) => {
  const stop = new AbortController()
  const events = { ...silent, progress: () => stop.abort() }
  const plan: Plan = {
    clients: ['stele'],
    targets: [target],
    workloads: ['produce', 'latency'],
    rounds: 3,
    load: { ...load, records: undefined, seconds: 600 },
  }
  const report = await bench(plan, { command: 'x', events, signal: stop.signal })
  t.equal(report.runs.length, 1)
  t.ok((report.runs[0]?.seconds ?? 600) < 60)
})

t.test('a target that goes away in the middle ends the round within seconds', async (t) => {
  const other = await startBroker()
  let closed: Promise<void> | undefined
  const events = { ...silent, progress: () => void (closed ??= other.close()) }
  const plan = { targets: [{ ...target, bootstrap: other.bootstrap }], workloads: ['produce'], clients: ['stele'], rounds: 1 }
  const whole = bench(
    { ...plan, load: { ...load, records: undefined, seconds: 600 } },
    { command: 'x', events, signal: new AbortController().signal },
  )
  await t.rejects(whole, { name: 'BenchError', message: `${other.bootstrap} is gone: connect ECONNREFUSED ${other.bootstrap}` })
  await closed
})

t.test('what was measured before a target went away is told', async (t) => {
  const other = await startBroker()
  const events = { ...silent, round: ({ round }: RoundPlace) => void (round > 0 && other.close()) }
  const plan = { targets: [{ ...target, bootstrap: other.bootstrap }], workloads: ['produce'], clients: ['stele'], rounds: 2 }
  const report = await bench({ ...plan, load: { ...load, records: 100 } }, { command: 'x', events, signal: new AbortController().signal })
  t.equal(report.runs.length, 1)
  t.match(report.failure, other.bootstrap)
})

t.test('a load that cannot be made is one sentence', async (t) => {
  const nowhere = { ...target, http: '127.0.0.1:1' }
  await t.rejects(measure({ targets: [nowhere], workloads: ['websocket'] }), {
    name: 'BenchError',
    message: /^no stream at ws:\/\/127.0.0.1:1/,
  })
  await t.rejects(measure({ workloads: ['latency'], load: { ...load, partitions: 1, processes: 2, connections: 2 } }), {
    name: 'BenchError',
    message: /^nothing can be measured: .*NOT MEASURED: latency: it needs a partition for each process/,
  })
  const two = await measure({ workloads: ['groups-rebalance', 'produce'], load: { ...load, records: 100, processes: 2, connections: 2 } })
  t.match(two.notes, [/^NOT MEASURED: groups-rebalance: its load is one process/])
  t.same(
    two.runs.map(({ workload }) => workload),
    ['produce'],
    'what can be is measured',
  )
  await t.rejects(measure({ targets: [{ ...target, bootstrap: '127.0.0.1:1' }] }), { code: 'CONNECTION_FAILED' })
})
