/** What an operator asks about streams over WebSocket: how many, how much, and why they end. */
import type { MetricRegistry } from './registry.ts'

export interface StreamFigures {
  readonly open: number
  /** Sent. */
  readonly records: number
  readonly messages: number
  readonly bytes: number
  /** Records that clients have published. */
  readonly published: number
  readonly sharedBytes: number
  readonly sharedHits: number
  readonly sharedMisses: number
  /** By close code, those that the broker closed. */
  readonly closed: ReadonlyMap<number, number>
}

export function declareStreams(registry: MetricRegistry, figures: () => StreamFigures | undefined): void {
  const ask = (pick: (figures: StreamFigures) => number) => () => {
    const known = figures()
    return known ? pick(known) : 0
  }
  registry.gauge(
    'stele_streams',
    'Open WebSocket streams.',
    ask(({ open }) => open),
  )
  registry.counter(
    'stele_stream_records_total',
    'Records sent on streams, one for each reader.',
    ask(({ records }) => records),
  )
  registry.counter(
    'stele_stream_messages_total',
    'Messages with records sent on streams.',
    ask(({ messages }) => messages),
  )
  registry.counter(
    'stele_stream_sent_bytes_total',
    'Bytes of those messages.',
    ask(({ bytes }) => bytes),
  )
  registry.counter(
    'stele_stream_published_total',
    'Records published on streams.',
    ask(({ published }) => published),
  )
  registry.gauge(
    'stele_stream_shared_bytes',
    'Bytes of encoded messages kept for the next reader of the same place.',
    ask(({ sharedBytes }) => sharedBytes),
  )
  registry.counter(
    'stele_stream_shared_reads_total',
    'Messages that were encoded for another reader before (hit) or were not (miss).',
    () => [
      [{ result: 'hit' }, figures()?.sharedHits ?? 0],
      [{ result: 'miss' }, figures()?.sharedMisses ?? 0],
    ],
  )
  registry.counter('stele_streams_closed_total', 'Streams that the broker closed, by WebSocket close code.', () =>
    [...(figures()?.closed ?? [])].map(([code, count]) => [{ code }, count] as const),
  )
}
