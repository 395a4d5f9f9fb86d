/** `stele consume`: records of a topic, to standard output. */
import type { ReadOptions, ReadRecord, Stele } from '../../client/index.ts'
import { nodeClock } from '../platform/node/clock.ts'
import { bootstrapFlag, withClient } from './client.ts'
import { command, flag, operand } from './command.ts'
import { Exit, UsageError } from './exit.ts'
import { positionAt, positionFlag } from './position.ts'
import { Progress } from './progress.ts'
import { type Format, formats, separatorOf, type TextLayout, writeJson, writeText } from './record-format.ts'
import { type StopSignal, stopSignal } from './stop-signal.ts'
import { visible } from './table.ts'
import type { Stream, Terminal } from './terminal.ts'

export const consume = command({
  name: 'consume',
  about: 'Reads records of a topic.',
  details: [
    'It reads what is there now and ends; --follow, or beginning at the end, waits for more.',
    'With text, a record is a line: its value, before it the key with --keys, before that the headers with --headers.',
    'With json, a line is an object with topic, partition, offset, timestamp, key, value and headers.',
  ].join('\n'),
  flags: {
    bootstrap: bootstrapFlag,
    from: positionFlag('beginning', 'Where to begin'),
    partition: flag.integers('N', 'Only this partition; may be given several times.', { short: 'p', min: 0 }),
    follow: flag.toggle('Wait for more at the end.', { short: 'f' }),
    untilEnd: flag.toggle('End when all that was there at the start has been read.'),
    count: flag.integer('N', 'End after so many records.', { short: 'n', min: 1 }),
    format: flag.choice(formats, 'How records are written; raw is their values and nothing else.', { otherwise: 'text' }),
    keys: flag.toggle('With text: the key before the value.', { short: 'k' }),
    keySeparator: flag.text('TEXT', 'With text and keys: what stands behind a key; a tab unless told otherwise.', { otherwise: '\\t' }),
    headers: flag.toggle('With text: the headers first, name:value,name:value and a tab.'),
    base64: flag.toggle('With json: keys, values and headers as base64; else only what is not UTF-8, as {"base64": "…"}.'),
    readCommitted: flag.toggle('Leave out what belongs to transactions that are open or were aborted.'),
  },
  operands: { topic: operand.one('TOPIC', 'The topic to read.') },
  examples: ['stele consume orders --from 2h --keys', 'stele consume orders --follow --format json | jq .value'],
  async run(input, terminal) {
    if (input.follow && input.untilEnd) throw new UsageError('--follow and --until-end cannot both be', 'consume')
    const stop = stopSignal()
    return withClient(input.bootstrap, async (stele) => {
      try {
        await read(stele, input, terminal, stop)
      } catch (error) {
        if (!stop.requested) throw error
      }
      return Exit.ok
    })
  },
})

interface Input {
  readonly topic: string
  readonly from: Parameters<typeof positionAt>[0]
  readonly partition: readonly number[]
  readonly follow: boolean
  readonly untilEnd: boolean
  readonly count: number | undefined
  readonly format: Format
  readonly keys: boolean
  readonly keySeparator: string
  readonly headers: boolean
  readonly base64: boolean
  readonly readCommitted: boolean
}

async function read(stele: Stele, input: Input, { out, err }: Terminal, stop: StopSignal): Promise<void> {
  let progress: Progress | undefined
  const options: ReadOptions = {
    from: positionAt(input.from, nodeClock.now()),
    untilEnd: input.untilEnd || !(input.follow || input.from === 'end'),
    readCommitted: input.readCommitted,
    onStart(records) {
      const total = Math.min(records, input.count ?? records)
      if (!out.isTerminal) progress = new Progress(err, nodeClock, { title: 'reading', total })
    },
    ...(input.partition.length === 0 ? {} : { partitions: [...new Set(input.partition)] }),
  }
  // What waits for records waits no longer.
  void stop.request.then(() => stele.close())
  const layout = { keySeparator: input.keys ? separatorOf(input.keySeparator) : undefined, headers: input.headers }
  const limit = input.count ?? Number.POSITIVE_INFINITY
  let written = 0
  for await (const records of stele.reader().batches(input.topic, options)) {
    const wanted = records.slice(0, limit - written)
    await out.write(linesOf(wanted, input, layout, out))
    written += wanted.length
    progress?.done(written)
    if (stop.requested || written >= limit) break
  }
  progress?.clear()
}

function linesOf(records: readonly ReadRecord[], { format, base64 }: Input, layout: TextLayout, out: Stream): string | Buffer {
  if (format === 'json') return records.map((record) => writeJson(record, base64)).join('')
  if (format === 'raw') return Buffer.concat(records.flatMap(({ value }) => (value ? [value] : [])))
  const chunks: Buffer[] = []
  if (!out.isTerminal) {
    for (const record of records) writeText(record, layout, chunks)
    return Buffer.concat(chunks)
  }
  // A record must not be able to drive someone's terminal.
  return records
    .map((record) => {
      const line: Buffer[] = []
      writeText(record, layout, line)
      return `${visible(Buffer.concat(line.slice(0, -1)).toString())}\n`
    })
    .join('')
}
