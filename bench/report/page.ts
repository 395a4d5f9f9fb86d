/** A report as one page that needs nothing else: the figures, and plots of latency, throughput, and the broker's processor time and memory. Pure. */
import { machineText } from '../measure/machine.ts'
import { figureRows, figureText, kindOf, type Spread } from './figures.ts'
import { escaped, type Line, plotSvg } from './plot.ts'
import type { Latencies, Report, Run, Sample } from './report.ts'

export function pageOf(report: Report): string {
  const { plan, startedAt, command, machine, notes, runs } = report
  const title = `Bench of ${plan.targets.map(({ bootstrap }) => bootstrap).join(' and ')}`
  const kinds = [...new Set(runs.map(kindOf))]
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><style>${style}</style></head><body>`,
    `<h1>${escaped(title)}</h1>`,
    `<p>${escaped(startedAt)} · ${escaped(machineText(machine))}</p>`,
    `<pre>${escaped(command)}</pre>`,
    ...notes.map((note) => `<p class="note">${escaped(note)}</p>`),
    `<p>${plan.targets.map(({ bootstrap }, index) => `<span class="key l${index}">${escaped(bootstrap)}</span>`).join(' ')}</p>`,
    ...kinds.map((kind) => section(report, kind)),
    `<details><summary>Settings of the load</summary><pre>${escaped(JSON.stringify(plan, null, 2))}</pre></details>`,
    '</body></html>',
    '',
  ].join('\n')
}

function section(report: Report, kind: string): string {
  const runs = report.runs.filter((run) => kindOf(run) === kind)
  const timed = runs.find((run) => run.timed !== null)?.timed
  return [
    `<h2>${escaped(kind)}</h2>`,
    table(report, kind),
    timed ? `<p>Timed: ${escaped(timed)}.</p>` : '',
    `<div class="plots">${plots(report, runs).join('\n')}</div>`,
  ].join('\n')
}

function table({ plan, ...report }: Report, kind: string): string {
  const rows = figureRows({ plan, ...report }).filter(({ workload }) => workload === kind)
  const cell = (spread: Spread | null) => {
    if (!spread) return '<td>–</td>'
    const range = plan.rounds > 1 ? ` <small>${figureText(spread.least)} – ${figureText(spread.most)}</small>` : ''
    return `<td><b>${figureText(spread.median)}</b>${range}</td>`
  }
  const isPair = plan.targets.length > 1
  const heads = plan.targets.map(({ bootstrap }) => `<th>${escaped(bootstrap)}</th>`).join('')
  return [
    `<table><thead><tr><th>figure</th>${heads}${isPair ? '<th>ratio</th>' : ''}</tr></thead><tbody>`,
    ...rows.map(({ figure, spreads, ratio }) => {
      const last = isPair ? `<td>${ratio === null ? '–' : ratio.toFixed(2)}</td>` : ''
      return `<tr><th>${escaped(figure)}</th>${spreads.map(cell).join('')}${last}</tr>`
    }),
    '</tbody></table>',
  ].join('\n')
}

/** Of each target its middle round, by how much it did. */
function plots({ plan }: Report, runs: readonly Run[]): string[] {
  const middles = plan.targets.flatMap(({ bootstrap }, target) => {
    const own = runs.filter((run) => run.target === target).sort((a, b) => a.count / a.seconds - b.count / b.seconds)
    const run = own[own.length >> 1]
    return run ? [{ label: bootstrap, run }] : []
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
pre{overflow:auto;padding:.6rem;background:var(--grid)}
table{border-collapse:collapse}td,th{padding:.2rem .8rem;text-align:right;border-bottom:1px solid var(--grid);font-variant-numeric:tabular-nums}
tbody th,thead th:first-child{text-align:left;font-weight:normal}small{opacity:.7}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));gap:1rem}
svg{width:100%;height:auto}svg text{font-size:11px;fill:var(--ink)}svg .title{font-size:13px;font-weight:600}
.grid{stroke:var(--grid)}.x,.yTitle{text-anchor:middle}.y{text-anchor:end}
.line{fill:none;stroke-width:1.8;stroke:var(--l0)}.line.l1{stroke:var(--l1)}
.key{padding-left:1.4rem;margin-right:1rem;border-left:1.2rem solid var(--l0)}.key.l1{border-color:var(--l1)}
.note{border-left:3px solid var(--l1);padding-left:.6rem}
`
