/** `stele consume`: records of a topic, to standard output. */
import type { ReadOptions, ReadRecord, Stele } from '../../client/index.ts'
import { nodeClock } from '../platform/node/clock.ts'
import { bootstrapFlag, withClient } from './client.ts'
import { command, flag, operand } from './command.ts'
import { Exit, UsageError } from './exit.ts'
import { GroupReading } from './group-reading.ts'
import { positionAt, type ReadingPosition, readingFlag, type WrittenPosition } from './position.ts'
import { Progress } from './progress.ts'
import { formats } from './record-format.ts'
import { type RecordLayout, recordWriter } from './record-writer.ts'
import { type StopSignal, stopSignal } from './stop-signal.ts'
import { readTemplate } from './template.ts'
import type { Terminal } from './terminal.ts'

export const consume = command({
  name: 'consume',
  about: 'Reads records of a topic.',
  details: [
    'It reads what is there now and ends; --follow, or beginning at the end, waits for more.',
    'With text, a record is a line: its value, before it the key with --keys, the headers with --headers, and where it is with --places.',
    'A --template draws the line: {topic} {partition} {offset} {timestamp} {time} {key} {value} {headers} {size}, and \\n \\t \\0.',
    'With json, a line is an object with topic, partition, offset, timestamp, key, value and headers.',
    'With --group it is a member of that group: it goes on where the group is, and commits what it has written.',
  ].join('\n'),
  flags: {
    bootstrap: bootstrapFlag,
    from: readingFlag('beginning', 'Where to begin, in a group where nothing is committed'),
    until: readingFlag(undefined, 'Where to stop, before what is there'),
    partition: flag.integers('N', 'Only this partition; may be given several times.', { short: 'p', min: 0 }),
    key: flag.text('KEY', 'Only records with this key.'),
    follow: flag.toggle('Wait for more at the end.', { short: 'f' }),
    count: flag.integer('N', 'End after so many records.', { short: 'n', min: 1 }),
    group: flag.text('GROUP', 'Read as a member of this group.', { short: 'g' }),
    protocol: flag.choice(['classic', 'consumer'], 'With --group: who divides the partitions, its members or the broker.', {
      otherwise: 'classic',
    }),
    format: flag.choice(formats, 'How records are written; raw is their values and nothing else.', { otherwise: 'text' }),
    template: { ...flag.text('TEXT', 'With text: what a line looks like.', { short: 't' }), read: templateIn },
    keys: flag.toggle('With text: the key before the value.', { short: 'k' }),
    keySeparator: flag.text('TEXT', 'With text and keys: what stands behind a key; a tab unless told otherwise.', { otherwise: '\\t' }),
    null: flag.text('TEXT', 'With text: what is written for a key or a value that is not there.'),
    headers: flag.toggle('With text: the headers first, name:value,name:value and a tab.'),
    places: flag.toggle('With text: partition, offset and time before all else, each with a tab.'),
    base64: flag.toggle('With json: keys, values and headers as base64; else only what is not UTF-8, as {"base64": "…"}.'),
    readCommitted: flag.toggle('Leave out what belongs to transactions that are open or were aborted.'),
  },
  operands: { topic: operand.one('TOPIC', 'The topic to read.') },
  examples: [
    'stele consume orders --from 2h --keys',
    "stele consume orders -t '{time} {key}={value}' --from 2026-01-31T08:00:00Z",
    'stele consume orders --follow --format json | jq .value',
    'stele consume orders --group billing --count 100',
  ],
  async run(input, terminal) {
    checkTogether(input)
    const stop = stopSignal()
    return withClient(input.bootstrap, async (stele) => {
      const source = input.group === undefined ? topicSource(stele, input, terminal, stop) : groupSource(stele, input, stop)
      try {
        await write(source, input, terminal, stop)
      } catch (error) {
        if (!stop.requested) throw error
      }
      return Exit.ok
    })
  },
})

interface Input extends RecordLayout {
  readonly topic: string
  readonly from: ReadingPosition
  readonly until: ReadingPosition | undefined
  readonly partition: readonly number[]
  readonly key: string | undefined
  readonly follow: boolean
  readonly count: number | undefined
  readonly group: string | undefined
  readonly protocol: 'classic' | 'consumer'
  readonly readCommitted: boolean
}

function templateIn(texts: readonly string[]): ReturnType<typeof readTemplate> | undefined {
  const text = texts.at(-1)
  return text === undefined ? undefined : readTemplate(text)
}

function checkTogether({ follow, from, until, group, partition, format, template }: Input): void {
  const wrong = (message: string) => new UsageError(message, 'consume')
  if (follow && until === 'end') throw wrong('--follow and --until end cannot both be')
  if (template && format !== 'text') throw wrong(`--template draws lines of text: it cannot be with --format ${format}`)
  if (group === undefined) return
  if (partition.length > 0) throw wrong('--group and --partition cannot both be: the group says which partitions its members read')
  if (isBeforeEnd(from)) throw wrong('--group and so many before the end cannot both be')
  if (until !== undefined && until !== 'end') throw wrong('--group and --until cannot both be, but for --until end')
}

/** Where records come from: batches, and whom to tell that so many of the last one are written. */
interface Source {
  batches(): AsyncIterable<readonly ReadRecord[]>
  written(count: number): Promise<void> | undefined
  close(): Promise<void>
  progress(): Progress | undefined
}

function isBeforeEnd(where: ReadingPosition): where is { beforeEnd: number } {
  return typeof where === 'object' && 'beforeEnd' in where
}

function endsAtEnd({ follow, from, until }: Input): boolean {
  return until === 'end' || (!follow && (from !== 'end' || until !== undefined))
}

function topicSource(stele: Stele, input: Input, { out, err }: Terminal, stop: StopSignal): Source {
  let progress: Progress | undefined
  const now = nodeClock.now()
  const options: ReadOptions = {
    from: positionAt(input.from, now),
    untilEnd: endsAtEnd(input),
    readCommitted: input.readCommitted,
    onStart(records) {
      const total = Math.min(records, input.count ?? records)
      if (!out.isTerminal) progress = new Progress(err, nodeClock, { title: 'reading', total })
    },
    ...(input.until !== undefined && { until: positionAt(input.until, now) }),
    ...(input.partition.length > 0 && { partitions: [...new Set(input.partition)] }),
    signal: cutBy(stop),
  }
  return {
    batches: () => stele.reader().batches(input.topic, options),
    written: () => undefined,
    close: () => Promise.resolve(),
    progress: () => progress,
  }
}

/** What waits for records waits no longer. */
function cutBy(stop: StopSignal): AbortSignal {
  const cut = new AbortController()
  void stop.request.then(() => cut.abort())
  return cut.signal
}

function groupSource(stele: Stele, input: Input, stop: StopSignal): Source {
  const reading = new GroupReading(stele, {
    topic: input.topic,
    group: input.group as string,
    protocol: input.protocol,
    from: positionAt(input.from as WrittenPosition, nodeClock.now()),
    untilEnd: endsAtEnd(input),
    readCommitted: input.readCommitted,
    signal: cutBy(stop),
  })
  return {
    batches: () => reading.batches(),
    written: (count) => reading.written(count),
    close: () => reading.close(),
    progress: () => undefined,
  }
}

async function write(source: Source, input: Input, { out, colours }: Terminal, stop: StopSignal): Promise<void> {
  const linesOf = recordWriter(input, { isTerminal: out.isTerminal, colours })
  const limit = input.count ?? Number.POSITIVE_INFINITY
  let written = 0
  try {
    for await (const records of source.batches()) {
      const { wanted, passed } = chosen(records, input.key, limit - written)
      if (wanted.length > 0) await out.write(linesOf(wanted))
      await source.written(passed)
      written += wanted.length
      source.progress()?.done(written)
      if (stop.requested || written >= limit) break
    }
  } finally {
    source.progress()?.clear()
    await source.close()
  }
}

/** At most so many; `passed` is how many were looked at for it. */
function chosen(records: readonly ReadRecord[], key: string | undefined, most: number): { wanted: readonly ReadRecord[]; passed: number } {
  if (key === undefined) {
    const wanted = records.slice(0, most)
    return { wanted, passed: wanted.length }
  }
  const sought = Buffer.from(key)
  const wanted: ReadRecord[] = []
  let passed = 0
  for (const record of records) {
    if (wanted.length >= most) break
    passed++
    if (record.key !== null && sought.equals(record.key)) wanted.push(record)
  }
  return { wanted, passed }
}
