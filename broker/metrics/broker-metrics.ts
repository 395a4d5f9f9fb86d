/**
 * What one broker counts and tells: every metric, with its name and meaning.
 * Owns: the counters of the hot path, plain numbers and arrays. What others own (log sizes, connections, …) is asked of them at each scrape.
 */
import type { Vitals } from '../platform/vitals.ts'
import { type CompactionFigures, declareCompaction } from './compaction-metrics.ts'
import { declareGroups, type GroupFigures } from './group-metrics.ts'
import { LatencyHistogram } from './latency-histogram.ts'
import { declareStreams, type StreamFigures } from './stream-metrics.ts'
import { type Labels, MetricRegistry, type Sample } from './registry.ts'
import { declareTransactions, type TransactionFigures } from './transaction-metrics.ts'

/** Kafka's words for numbers. */
export interface Names {
  api(apiKey: number): string
  error(errorCode: number): string
}

export interface TopicSize {
  topic: string
  bytes: number
  partitions: number
}

/** What the parts of a broker tell when asked. */
export interface Sources {
  connections(): number
  requestMemoryBytes(): number
  requestsWaiting(): number
  topicSizes(): Iterable<TopicSize>
  partitionsOffline(): number
  tailCacheBytes(): number
  tailCacheHits(): number
  tailCacheMisses(): number
  compaction(): CompactionFigures
  /** Undefined before the first one. */
  streams(): StreamFigures | undefined
  groups(): GroupFigures
  transactions(): TransactionFigures
}

/** Kafka's error codes begin at -1 and are not half as many yet. */
const errorCodesMax = 256

export class BrokerMetrics {
  readonly registry = new MetricRegistry()
  /** How long a sync to the disk takes. */
  readonly flushes = new LatencyHistogram()
  readonly eventLoopLag = new LatencyHistogram()
  readonly #names: Names
  readonly #requests: (LatencyHistogram | undefined)[] = []
  readonly #errors: (Float64Array | undefined)[] = []
  #receivedBytes = 0
  #sentBytes = 0

  constructor(names: Names) {
    this.#names = names
    this.#declareCounted()
  }

  /** A request was answered. */
  request(apiKey: number, seconds: number, errorCode: number): void {
    const histogram = this.#requests[apiKey]
    if (histogram) histogram.observe(seconds)
    else this.#firstOf(apiKey).observe(seconds)
    if (errorCode !== 0) this.#countError(apiKey, errorCode)
  }

  received(bytes: number): void {
    this.#receivedBytes += bytes
  }

  sent(bytes: number): void {
    this.#sentBytes += bytes
  }

  /** The log synced a file. */
  flushed(seconds: number): void {
    this.flushes.observe(seconds)
  }

  /** From now on a scrape asks these too. Once. */
  ask(sources: Sources): void {
    const { registry } = this
    registry.gauge('stele_connections', 'Open client connections.', () => sources.connections())
    registry.gauge('stele_request_memory_bytes', 'Bytes of requests in memory, bounded by queued.max.request.bytes.', () =>
      sources.requestMemoryBytes(),
    )
    registry.gauge(
      'stele_requests_waiting',
      'Requests in the purgatory: fetches that wait for records, produces that wait for replicas or the disk.',
      () => sources.requestsWaiting(),
    )
    registry.gauge('stele_log_bytes', 'Size of the logs of a topic.', () => sizes(sources, ({ bytes }) => bytes))
    registry.gauge('stele_partitions', 'Partitions of a topic on this broker.', () => sizes(sources, ({ partitions }) => partitions))
    registry.gauge('stele_partitions_offline', 'Partitions out of service because their disk failed.', () => sources.partitionsOffline())
    registry.gauge('stele_tail_cache_bytes', 'Bytes of newest batches in memory, bounded by stele.tail.cache.bytes.', () =>
      sources.tailCacheBytes(),
    )
    registry.counter('stele_tail_cache_reads_total', 'Reads answered from memory (hit) or from files (miss).', () => [
      [{ result: 'hit' }, sources.tailCacheHits()],
      [{ result: 'miss' }, sources.tailCacheMisses()],
    ])
    declareCompaction(registry, () => sources.compaction())
    declareStreams(registry, () => sources.streams())
    declareGroups(registry, () => sources.groups())
    declareTransactions(registry, () => sources.transactions())
  }

  /** The same for the process, by the names that Prometheus clients use. */
  askProcess(vitals: Vitals): void {
    const { registry } = this
    registry.counter('process_cpu_seconds_total', 'Processor time used.', () => vitals.cpuSeconds())
    registry.gauge('process_resident_memory_bytes', 'Resident memory.', () => vitals.residentBytes())
    registry.gauge('process_heap_bytes', 'Memory of JavaScript objects in use.', () => vitals.heapBytes())
    registry.gauge('process_start_time_seconds', 'When the process began, since the Unix epoch.', () => vitals.startedAtSeconds())
  }

  #declareCounted(): void {
    const { registry } = this
    registry.histogram('stele_request_seconds', 'From the last byte of a request to its answer, waiting included.', () => this.#byApi())
    registry.counter('stele_request_errors_total', 'Requests answered with an error, by the first one in the answer.', () =>
      this.#errorSamples(),
    )
    registry.counter('stele_received_bytes_total', 'Bytes of requests received.', () => this.#receivedBytes)
    registry.counter('stele_sent_bytes_total', 'Bytes of answers sent.', () => this.#sentBytes)
    registry.histogram('stele_flush_seconds', 'One sync of a log file to the disk.', () => [[{}, this.flushes]])
    registry.histogram('stele_event_loop_lag_seconds', 'How late the event loop comes to a timer.', () => [[{}, this.eventLoopLag]])
  }

  *#byApi(): Iterable<readonly [Labels, LatencyHistogram]> {
    for (const [apiKey, histogram] of this.#requests.entries()) {
      if (histogram) yield [{ api: this.#names.api(apiKey) }, histogram]
    }
  }

  *#errorSamples(): Iterable<Sample> {
    for (const [apiKey, counts] of this.#errors.entries()) {
      if (!counts) continue
      for (const [index, count] of counts.entries()) {
        if (count > 0) yield [{ api: this.#names.api(apiKey), error: this.#names.error(index - 1) }, count]
      }
    }
  }

  #firstOf(apiKey: number): LatencyHistogram {
    const histogram = new LatencyHistogram()
    this.#requests[apiKey] = histogram
    return histogram
  }

  #countError(apiKey: number, errorCode: number): void {
    const index = Math.min(Math.max(errorCode + 1, 0), errorCodesMax - 1)
    const counts = (this.#errors[apiKey] ??= new Float64Array(errorCodesMax))
    counts[index] = (counts[index] as number) + 1
  }
}

function* sizes(sources: Sources, pick: (size: TopicSize) => number): Iterable<Sample> {
  for (const size of sources.topicSizes()) yield [{ topic: size.topic }, pick(size)]
}
