/**
 * Metrics that are read when someone scrapes, and cost nothing in between.
 * Owns: the names, and whom to ask for their values. Two brokers of one process have a registry each.
 * Never: counts by itself. prom-client writes the answer, and is loaded when first asked for one.
 */
import type { Metric, Registry } from 'prom-client'
import type { LatencyHistogram } from './latency-histogram.ts'

export type Labels = Readonly<Record<string, string | number>>
export type Sample = readonly [labels: Labels, value: number]
/** A number, or one for each set of labels. */
export type Reading = () => number | Iterable<Sample>
export type HistogramReading = () => Iterable<readonly [labels: Labels, histogram: LatencyHistogram]>

/** What prom-client's registry writes out: one line per value. */
interface Value {
  metricName?: string
  labels: Labels
  value: number
}

interface Family {
  name: string
  help: string
  type: 'counter' | 'gauge' | 'histogram'
  values(): Value[]
}

export const expositionContentType = 'text/plain; version=0.0.4; charset=utf-8'

export class MetricRegistry {
  readonly #families: Family[] = []
  #registry: Promise<Registry> | undefined
  #scrape: Promise<string> | undefined

  /** A number that goes up and down. */
  gauge(name: string, help: string, reading: Reading): void {
    this.#declare({ name, help, type: 'gauge', values: () => valuesOf(reading()) })
  }

  /** A number that only goes up; its name ends in `_total`. */
  counter(name: string, help: string, reading: Reading): void {
    this.#declare({ name, help, type: 'counter', values: () => valuesOf(reading()) })
  }

  /** Times in seconds; its name ends in `_seconds`. */
  histogram(name: string, help: string, reading: HistogramReading): void {
    const values = () => [...reading()].flatMap(([labels, histogram]) => bucketsOf(name, labels, histogram))
    this.#declare({ name, help, type: 'histogram', values })
  }

  /** All of it, as Prometheus reads it. Scrapes that overlap share one. */
  exposition(): Promise<string> {
    this.#scrape ??= this.#expose().finally(() => {
      this.#scrape = undefined
    })
    return this.#scrape
  }

  #declare(family: Family): void {
    this.#families.push(family)
    this.#registry = undefined
  }

  async #expose(): Promise<string> {
    this.#registry ??= load(this.#families)
    const registry = await this.#registry
    return registry.metrics()
  }
}

async function load(families: readonly Family[]): Promise<Registry> {
  const { default: PromRegistry } = await import('prom-client/lib/registry.js')
  const registry = new PromRegistry()
  for (const { name, help, type, values } of families) {
    const collector = { name, help, type, get: () => ({ name, help, type, values: values() }) }
    registry.registerMetric(collector as unknown as Metric<string>)
  }
  return registry
}

function valuesOf(reading: number | Iterable<Sample>): Value[] {
  if (typeof reading === 'number') return [{ labels: {}, value: reading }]
  return [...reading].map(([labels, value]) => ({ labels, value }))
}

function bucketsOf(name: string, labels: Labels, histogram: LatencyHistogram): Value[] {
  const { bounds, cumulative, count, sum } = histogram.snapshot()
  const metricName = `${name}_bucket`
  const buckets = bounds.map((le, index) => ({ metricName, labels: { le, ...labels }, value: cumulative[index] as number }))
  return [
    ...buckets,
    { metricName, labels: { le: '+Inf', ...labels }, value: count },
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ]
}
