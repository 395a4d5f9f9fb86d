/**
 * A report as rows: of each workload its figures, for each target the least, the median and the most over the rounds, and with two targets
 * how the second compares to the first. Pure.
 */
import type { Report, Run } from './report.ts'

export interface Spread {
  readonly least: number
  readonly median: number
  readonly most: number
}

export interface FigureRow {
  readonly workload: string
  readonly figure: string
  /** By target; null where nobody measured it. */
  readonly spreads: readonly (Spread | null)[]
  /** Median of the second target over that of the first; null with one. */
  readonly ratio: number | null
}

interface Figure {
  readonly name: string
  of(run: Run): number | null
}

export function figureRows({ plan, runs }: Report): FigureRow[] {
  const kinds = [...new Set(runs.map(kindOf))]
  return kinds.flatMap((kind) => {
    const own = runs.filter((run) => kindOf(run) === kind)
    return figuresOf(own).flatMap(({ name, of }) => {
      const spreads = plan.targets.map((_, target) => spreadOf(own.filter((run) => run.target === target).map(of)))
      return spreads.every((spread) => spread === null) ? [] : [{ workload: kind, figure: name, spreads, ratio: ratioOf(spreads) }]
    })
  })
}

/** `produce`; with a load other than our own client's, `produce (kcat)`. */
export function kindOf({ workload, client }: Pick<Run, 'workload' | 'client'>): string {
  return client === 'stele' ? workload : `${workload} (${client})`
}

const megabyte = 1e6

function figuresOf(runs: readonly Run[]): Figure[] {
  const unit = runs[0]?.unit ?? 'records'
  const one = unit.replace(/ies$/, 'y').replace(/s$/, '')
  const perCount = (micros: (run: Run) => number | undefined) => (run: Run) => {
    const spent = micros(run)
    return spent === undefined || run.count === 0 ? null : (spent * 1e6) / run.count
  }
  const latency = (name: string, key: 'p50' | 'p99' | 'p999' | 'max'): Figure => ({
    name: `${name} ms`,
    of: ({ latencies }) => (latencies ? latencies[key] / 1000 : null),
  })
  const own = [...new Set(runs.flatMap(({ figures }) => Object.keys(figures)))]
  return [
    { name: `${unit}/s`, of: ({ count, seconds }) => (seconds > 0 ? count / seconds : null) },
    { name: 'MB/s', of: ({ bytes, seconds }) => (bytes > 0 && seconds > 0 ? bytes / seconds / megabyte : null) },
    latency('p50', 'p50'),
    latency('p99', 'p99'),
    latency('p99.9', 'p999'),
    latency('max', 'max'),
    { name: 'broker cores', of: ({ broker }) => (broker && broker.seconds > 0 ? broker.cpuSeconds / broker.seconds : null) },
    { name: `broker CPU µs/${one}`, of: perCount(({ broker }) => broker?.cpuSeconds) },
    { name: 'broker RSS MB', of: ({ broker }) => (broker ? broker.residentBytes / megabyte : null) },
    { name: `load CPU µs/${one}`, of: perCount(({ load }) => load?.cpuSeconds) },
    ...own.map((name): Figure => ({ name, of: ({ figures }) => figures[name] ?? null })),
    { name: 'failures', of: ({ failures }) => (runs.some((run) => run.failures > 0) ? failures : null) },
  ]
}

function spreadOf(values: readonly (number | null)[]): Spread | null {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b)
  if (sorted.length === 0) return null
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
  return { least: sorted[0] as number, median, most: sorted.at(-1) as number }
}

function ratioOf([first, second]: readonly (Spread | null)[]): number | null {
  return first && second && first.median > 0 ? second.median / first.median : null
}

/** Three figures that mean something, thousands set apart. */
export function figureText(value: number): string {
  if (value === 0) return '0'
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))
  return value.toLocaleString('en-US', { minimumFractionDigits: Math.min(3, digits), maximumFractionDigits: Math.min(3, digits) })
}
