import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { Histogram } from '../../bench/measure/histogram.ts'
import type { Target } from '../../bench/plan.ts'
import { pageOf } from '../../bench/report/page.ts'
import { plotSvg } from '../../bench/report/plot.ts'
import type { Report, Run } from '../../bench/report/report.ts'
import { latenciesOf } from '../../bench/round.ts'
import { missing } from '../interop/cache.ts'
import { benchLoad } from '../support/bench-load.ts'
import { Chromium } from '../support/chromium.ts'

function runOf(target: number, round: number): Run {
  const histogram = new Histogram()
  for (let micros = 100; micros < 100_000; micros += 7) histogram.record(micros * (target + 1))
  const samples = [0.5, 1, 1.5].map((seconds) => ({
    seconds,
    countPerSecond: 1000 * seconds,
    bytesPerSecond: 1e6,
    brokerCores: 0.5,
    brokerBytes: 1e8,
  }))
  const spent = { cpuSeconds: 1, residentBytes: 1e8 }
  const timed = 'from <b>send</b> to acknowledgement'
  const counts = { seconds: 2, count: 2000 * (target + 1), bytes: 1e6, failures: 0 }
  return {
    workload: 'produce',
    target,
    round,
    client: 'stele',
    unit: 'records',
    ...counts,
    timed,
    latencies: latenciesOf(histogram),
    samples,
    broker: { ...spent, seconds: 2 },
    load: spent,
    figures: { passes: 3 },
  }
}

const report: Report = {
  startedAt: '2026-01-01T00:00:00.000Z',
  command: `stele bench --html '<script>alert(1)</script>'`,
  machine: { cpu: 'A & B', cores: 2, memoryBytes: 2 ** 34, system: 'Linux 6', node: 'v26' },
  plan: {
    targets: ['a:1', 'b:2'].map((bootstrap) => ({ bootstrap, pid: 1, http: '' })),
    workloads: ['produce'],
    clients: ['stele'],
    rounds: 2,
    load: benchLoad(),
  },
  runs: [runOf(0, 0), runOf(1, 0), runOf(1, 1), runOf(0, 1)],
  notes: ['something <to> know'],
  failure: null,
}

const alone = new Set(['meta', '!doctype'])

/** The names of the elements, in order. Throws where one is not closed, or closed and not open. */
function elementsOf(page: string): string[] {
  const names: string[] = []
  const open: string[] = []
  for (const [, end, name = '', , closed] of page.matchAll(/<(\/?)([a-zA-Z!][\w]*)((?:\s+[\w:-]+(?:="[^"<>]*")?)*)\s*(\/?)>/g)) {
    if (end === '/') {
      if (open.pop() !== name) throw new Error(`</${name}> closes nothing`)
      continue
    }
    names.push(name)
    if (!alone.has(name) && closed !== '/') open.push(name)
  }
  if (open.length > 0) throw new Error(`not closed: ${open.join(', ')}`)
  return names
}

t.test('the page is one file of whole elements, with a table and four plots for each workload', async (t) => {
  const page = pageOf(report)
  const elements = elementsOf(page)
  t.equal(elements.filter((name) => name === 'table').length, 1)
  t.equal(elements.filter((name) => name === 'svg').length, 4)
  t.equal(elements.filter((name) => name === 'polyline').length, 8, 'a line for each target')
  t.notMatch(page, /src=|href="(?!#)|url\(|@import/, 'it needs nothing else')
  t.notMatch(page, /NaN|Infinity|undefined/)
  t.equal(page.replace(/<\/?[a-zA-Z!][^<>]*>/g, '').includes('<'), false, 'no loose bracket')
})

t.test('what was typed is text in it, never markup', async (t) => {
  const page = pageOf(report)
  t.notMatch(page, '<script')
  t.notMatch(page, '<b>send')
  t.match(page, '&#60;script&#62;')
})

t.test('figures stand side by side with their ratio', async (t) => {
  t.match(pageOf(report), /<th>records\/s<\/th><td><b>1,000<\/b>.*<\/td><td><b>2,000<\/b>.*<\/td><td>2\.00<\/td>/)
})

t.test('a plot by powers of ten has its lines one distance apart', async (t) => {
  const svg = plotSvg({
    title: 'Latency',
    xTitle: 's',
    yTitle: 'ms',
    isLogarithmic: true,
    lines: [
      {
        label: 'a',
        points: [
          [0, 3.2],
          [3, 940],
        ],
      },
    ],
  })
  const places = [...svg.matchAll(/class="grid" x1="\d+" x2="\d+" y1="([\d.]+)"/g)].map(([, y]) => Number(y))
  const gaps = places.slice(1).map((y, index) => Math.round((places[index] as number) - y))
  t.equal(places.length, 4, 'from 1 to 1,000')
  t.equal(new Set(gaps).size, 1, gaps.join())
})

t.test('several workloads are told at a glance first, and targets by their names', async (t) => {
  const [first, second] = ['stele', 'kafka'].map((name, index) => ({ ...report.plan.targets[index], name })) as [Target, Target]
  const runs = [...report.runs, { ...runOf(0, 0), workload: 'latency' }]
  const page = pageOf({ ...report, plan: { ...report.plan, targets: [first, second] }, runs })
  t.match(page, '<title>Bench of stele and kafka</title>')
  t.match(page, /<a href="#w1">latency<\/a>.*<h2 id="w0">produce<\/h2>.*<h2 id="w1">latency<\/h2>/s)
  t.equal(elementsOf(page).filter((name) => name === 'table').length, 3)
})

t.test('others clients, which tell nothing on their way, have no throughput drawn', async (t) => {
  const runs = report.runs.map((run) => ({ ...run, samples: run.samples.map((sample) => ({ ...sample, countPerSecond: null })) }))
  t.notMatch(pageOf({ ...report, runs }), 'Throughput')
})

const noBrowser = missing('chromium')

t.test('on a telephone nothing is wider than the screen, and the dark is dark', { skip: noBrowser }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'stele-page-'))
  writeFileSync(join(folder, 'page.html'), pageOf({ ...report, runs: [...report.runs, { ...runOf(0, 0), workload: 'latency' }] }))
  const browser = await Chromium.start()
  t.teardown(async () => {
    await browser.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const tab = await browser.open('about:blank')
  await tab.ask('Emulation.setDeviceMetricsOverride', { width: 400, height: 800, deviceScaleFactor: 1, mobile: true })
  await tab.ask('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: 'dark' }] })
  await tab.ask('Page.navigate', { url: `file://${join(folder, 'page.html')}` })
  await tab.until("document.readyState === 'complete' && document.querySelectorAll('svg').length > 0")
  t.equal(await tab.evaluate('document.documentElement.scrollWidth'), 400)
  t.equal(await tab.evaluate("Math.max(...[...document.querySelectorAll('svg, table')].map((e) => e.scrollWidth)) <= 400"), true)
  t.equal(await tab.evaluate('getComputedStyle(document.body).backgroundColor'), 'rgb(22, 22, 22)')
  t.equal(await tab.evaluate("performance.getEntriesByType('resource').length"), 0, 'it asks for nothing else')
})
