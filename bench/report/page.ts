/** A report as one page that needs nothing else: the figures, and plots of latency, throughput, and the broker's processor time and memory. Pure. */
import { machineText } from '../measure/machine.ts'
import { type FigureRow, figureRows, figureText, kindOf, type Spread } from './figures.ts'
import { labelOf, type Plan } from '../plan.ts'
import { escaped, type Line, plotSvg } from './plot.ts'
import type { Latencies, Report, Run, Sample } from './report.ts'

export function pageOf(report: Report): string {
  const { plan, startedAt, command, machine, notes, failure, runs } = report
  const title = `Bench of ${plan.targets.map(labelOf).join(' and ')}`
  const kinds = [...new Set(runs.map(kindOf))]
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><style>${style}</style></head><body>`,
    `<h1>${escaped(title)}</h1>`,
    `<p>${escaped(startedAt)} · ${escaped(machineText(machine))}</p>`,
    `<pre>${escaped(command)}</pre>`,
    ...[...notes, ...(failure === null ? [] : [`NOT ALL WAS MEASURED: ${failure}`])].map((note) => `<p class="note">${escaped(note)}</p>`),
    kinds.length > 1 ? glance(report, kinds) : '',
    ...kinds.map((kind, nth) => section(report, kind, nth)),
    plan.rounds > 1
      ? `<p>Figures are medians of ${plan.rounds} rounds, beside them the least and the most; plots show each target's middle round.</p>`
      : '',
    plan.targets.length > 1 ? '<p>The ratio is the second over the first.</p>' : '',
    `<details><summary>Settings of the load</summary><pre>${escaped(JSON.stringify(plan, null, 2))}</pre></details>`,
    '</body></html>',
    '',
  ].join('\n')
}

/** Which line is whose. */
function key({ targets }: Plan): string {
  return `<p>${targets.map((target, index) => `<span class="key l${index}">${escaped(labelOf(target))}</span>`).join(' ')}</p>`
}

/** How much, how long it takes, and what it costs: of all workloads, each with the way to all that is known of it. */
function glance(report: Report, kinds: readonly string[]): string {
  const rows = figureRows(report).filter(({ figure }) => /^(?!MB).*\/s$|^p99 ms$|^broker CPU/.test(figure))
  const body = kinds.flatMap((kind, nth) => {
    const own = rows.filter(({ workload }) => workload === kind)
    const head = `<th rowspan="${own.length}"><a href="#w${nth}">${escaped(kind)}</a></th>`
    return own.map((row, index) => `<tr>${index === 0 ? head : ''}${cells(report.plan, row, false)}</tr>`)
  })
  return table(report, '<th class="name">workload</th>', body)
}

function section(report: Report, kind: string, nth: number): string {
  const runs = report.runs.filter((run) => kindOf(run) === kind)
  const timed = runs.find((run) => run.timed !== null)?.timed
  const rows = figureRows(report).filter(({ workload }) => workload === kind)
  const drawn = plots(report, runs)
  return [
    `<h2 id="w${nth}">${escaped(kind)}</h2>`,
    table(
      report,
      '',
      rows.map((row) => `<tr>${cells(report.plan, row, report.plan.rounds > 1)}</tr>`),
    ),
    timed ? `<p>Timed: ${escaped(timed)}.</p>` : '',
    ...(drawn.length > 0 ? [key(report.plan), `<div class="plots">${drawn.join('\n')}</div>`] : []),
  ].join('\n')
}

function table({ plan: { targets } }: Report, before: string, rows: readonly string[]): string {
  const heads = targets.map((target) => `<th>${escaped(labelOf(target))}</th>`).join('')
  const head = `<tr>${before}<th class="name">figure</th>${heads}${targets.length > 1 ? '<th class="ratio">ratio</th>' : ''}</tr>`
  return ['<div class="wide"><table><thead>', head, '</thead><tbody>', ...rows, '</tbody></table></div>'].join('\n')
}

function cells({ targets }: Plan, { figure, spreads, ratio }: FigureRow, hasRange: boolean): string {
  const cell = (spread: Spread | null) => {
    if (!spread) return '<td>–</td>'
    const range = hasRange ? ` <small>${figureText(spread.least)} – ${figureText(spread.most)}</small>` : ''
    return `<td><b>${figureText(spread.median)}</b>${range}</td>`
  }
  const last = targets.length > 1 ? `<td>${ratio === null ? '–' : ratio.toFixed(2)}</td>` : ''
  return `<th>${escaped(figure)}</th>${spreads.map(cell).join('')}${last}`
}

/** Of each target its middle round, by how much it did. */
function plots({ plan }: Report, runs: readonly Run[]): string[] {
  const middles = plan.targets.flatMap((aim, target) => {
    const own = runs.filter((run) => run.target === target).sort((a, b) => a.count / a.seconds - b.count / b.seconds)
    const run = own[own.length >> 1]
    return run ? [{ label: labelOf(aim), run }] : []
  })
  const over = (title: string, yTitle: string, of: (sample: Sample) => number | null): string[] => {
    const lines = middles.map(({ label, run }): Line => {
      const points = run.samples.flatMap((sample) => {
        const y = of(sample)
        return y === null ? [] : [[sample.seconds, y] as const]
      })
      return { label, points }
    })
    return lines.some(({ points }) => points.length > 1) ? [plotSvg({ title, xTitle: 's', yTitle, lines })] : []
  }
  const unit = runs[0]?.unit ?? 'records'
  return [
    ...latencyPlot(middles),
    ...over('Throughput', `${unit}/s`, ({ countPerSecond }) => countPerSecond),
    ...over('Processor time of the broker', 'cores', ({ brokerCores }) => brokerCores),
    ...over('Memory of the broker', 'MB', ({ brokerBytes }) => (brokerBytes === null ? null : brokerBytes / 1e6)),
  ]
}

/** The number of nines, so that the slowest few have room. */
function latencyPlot(middles: readonly { label: string; run: Run }[]): string[] {
  const lines = middles.flatMap(({ label, run: { latencies } }): Line[] => (latencies ? [{ label, points: curve(latencies) }] : []))
  if (lines.length === 0) return []
  const ticks = [
    [0, '0'],
    [0.9, '90%'],
    [0.99, '99%'],
    [0.999, '99.9%'],
    [0.9999, '99.99%'],
  ] as const
  const last = Math.max(...lines.flatMap(({ points }) => points.map(([share]) => share)))
  const shown = ticks.filter(([share], nth) => nth < 2 || share <= last)
  const x = { place: (share: number) => -Math.log10(1 - Math.min(share, 0.99999)), ticks: shown }
  return [plotSvg({ title: 'Latency by percentile', xTitle: 'percentile', yTitle: 'ms', lines, x, isLogarithmic: true })]
}

function curve({ curve }: Latencies): (readonly [number, number])[] {
  return curve.map(([share, micros]) => [share, micros / 1000])
}

const style = `
:root{color-scheme:light dark;--l0:#0b6bcb;--l1:#c2410c;--grid:#8883;--ink:#222;--paper:#fff}
@media(prefers-color-scheme:dark){:root{--l0:#6cb6ff;--l1:#ffa657;--ink:#ddd;--paper:#161616}}
body{font:15px/1.45 system-ui,sans-serif;max-width:1180px;margin:2rem auto;padding:0 1rem;color:var(--ink);background:var(--paper)}
h1,p{overflow-wrap:anywhere}h1{font-size:1.7rem;line-height:1.2}h2{margin-top:2.5rem}a{color:inherit}
pre{padding:.6rem;background:var(--grid);white-space:pre-wrap;overflow-wrap:anywhere}
.wide{overflow-x:auto}table{border-collapse:collapse}td,th{padding:.2rem .8rem;text-align:right;vertical-align:top;border-bottom:1px solid var(--grid);font-variant-numeric:tabular-nums}
th{font-weight:normal}thead th{font-weight:600}tbody th,.name{text-align:left}small{opacity:.75;white-space:nowrap}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:1rem}
svg{width:100%;height:auto}svg text{font-size:11px;fill:var(--ink)}svg .title{font-size:13px;font-weight:600}
.grid{stroke:var(--grid)}.x,.yTitle{text-anchor:middle}.y,.x.last{text-anchor:end}
.line{fill:none;stroke-width:1.8;stroke:var(--l0)}.line.l1{stroke:var(--l1)}
.key{padding-left:.5rem;margin-right:1rem;border-left:1.2rem solid var(--l0)}.key.l1{border-color:var(--l1)}
.note{border-left:3px solid var(--l1);padding-left:.6rem}
@media(max-width:600px){body{font-size:14px;margin:1rem auto;padding:0 .6rem}td,th{padding:.2rem .35rem}thead th{overflow-wrap:anywhere}th.ratio,th.name{overflow-wrap:normal}td small{display:block}svg text{font-size:15px}svg .title{font-size:17px}}
`
