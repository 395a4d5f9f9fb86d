import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { startBroker } from '../../../broker/index.ts'
import { Stele } from '../../../client/index.ts'
import { beginStele, noStele, runStele } from '../../support/stele-command.ts'

const skip = noStele
const cwd = mkdtempSync(join(tmpdir(), 'stele-bench-'))
const broker = await startBroker()
t.teardown(async () => {
  await broker.close()
  rmSync(cwd, { recursive: true, force: true })
})
const world = { cwd, bootstrap: broker.bootstrap }
const bench = (...args: string[]) => runStele(world, '', 'bench', ...args)
const short = ['--records', '500', '--seconds', '30', '--warm-up', '0', '--size', '100']

t.test('the command as it is built measures, in a table and as a page', { skip }, async (t) => {
  const { code, out, err } = await bench('produce', 'latency', ...short, '--rate', '2000', '--html', 'report.html')
  t.equal(err, '')
  t.equal(code, 0)
  const rows = out.split('\n').map((line) => line.split('\t'))
  t.same(rows[0], ['WORKLOAD', 'FIGURE', broker.bootstrap])
  for (const workload of ['produce', 'latency']) {
    const figures = rows.filter(([name]) => name === workload).map(([, figure]) => figure)
    for (const figure of ['records/s', 'MB/s', 'p50 ms', 'p99 ms', 'load CPU µs/record'])
      t.ok(figures.includes(figure), `${workload}: ${figure}`)
  }
  t.match(out, /Node v\d+/)
  t.match(readFileSync(join(cwd, 'report.html'), 'utf8'), /^<!doctype html>[^]*stele bench produce latency --records 500[^]*<\/html>\n$/)
})

t.test('the report as JSON has the plan, the machine, and a run for each workload of a family', { skip }, async (t) => {
  const { code, out } = await bench('fetch', ...short, '--json')
  t.equal(code, 0)
  const report = JSON.parse(out)
  t.match(report, { machine: { node: /^v/ }, plan: { workloads: ['fetch-tail', 'fetch-cold'], load: { size: 100, records: 500 } } })
  t.same(
    report.runs.map((run: { workload: string }) => run.workload),
    ['fetch-tail', 'fetch-cold'],
  )
})

t.test('what cannot be is said in a sentence, and nothing is begun', { skip }, async (t) => {
  const refused = async (...args: string[]) => {
    const { code, out, err } = await bench(...args)
    t.equal(code, 2)
    t.equal(out, '')
    return err
  }
  t.match(await refused('speed'), /^stele: there is no workload speed, but produce, /)
  t.match(await refused('--load', 'sarama'), /^stele: --load must be one of stele, java, /)
  t.match(await refused('--target', 'nowhere'), /^stele: --target must be host:port, not 'nowhere'/)
  t.match(await refused('-t', 'a:1', '-t', 'b:1', '-t', 'c:1'), /--target may be given once, or twice/)
  t.match(await refused('--processes', '4', '--connections', '2'), /--connections must be at least as many as --processes/)
  t.match(await bench('produce', '--html', 'nowhere/report.html'), {
    code: 1,
    out: '',
    err: /^stele: nowhere\/report.html cannot be written: ENOENT/,
  })
  t.match(await bench('produce', '--html', '.'), { code: 1, out: '', err: 'stele: . cannot be written: it is a folder\n' })
  t.match(await bench('--target', '127.0.0.1:1'), { code: 1, err: /^stele: .*127\.0\.0\.1:1/ })
})

t.test('Ctrl-C ends the round, and tells what was measured', { skip }, async (t) => {
  const { child, ended } = beginStele(world, 'bench', 'produce', '--seconds', '600', '--warm-up', '0', '--json')
  await loaded()
  child.kill('SIGINT')
  const { code, out } = await ended
  t.equal(code, 0)
  const { runs } = JSON.parse(out)
  t.equal(runs.length, 1)
  t.ok(runs[0].count > 0)
})

/** The load is under way: its topic is filling. */
async function loaded(): Promise<void> {
  await using stele = new Stele({ bootstrap: broker.bootstrap })
  for (;;) {
    const topic = (await stele.topics.list()).find(({ name }) => name.startsWith('bench-produce'))
    let records = 0
    if (!topic) continue
    for await (const batch of stele.reader().batches(topic.name, { from: 'beginning' })) if ((records += batch.length) > 20_000) return
  }
}
