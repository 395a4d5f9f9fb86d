/** `stele produce`: records from standard input or a file to a topic. */
import { createReadStream, statSync } from 'node:fs'
import type { Readable } from 'node:stream'
import type { ProducerRecord, Stele } from '../../client/index.ts'
import { nodeClock } from '../platform/node/clock.ts'
import { bootstrapFlag, withClient } from './client.ts'
import { BadValue, command, flag, operand } from './command.ts'
import { CommandError, Exit, UsageError } from './exit.ts'
import { lineBytesMax, linesOf } from './lines.ts'
import { Progress } from './progress.ts'
import { bytesText, countText, durationText } from './quantities.ts'
import { type Format, formats, readJson, readText, unescaped } from './record-format.ts'
import { Sending } from './sending.ts'
import { type StopSignal, stopSignal } from './stop-signal.ts'
import type { Terminal } from './terminal.ts'

const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
const acksOf = { all: 'all', 1: 'leader', 0: 'none' } as const
const readBytes = 512 * 1024
/** How long a broker may be away before the command gives up. */
const deliveryTimeoutMs = 30_000
/** The longest that brokers allow, unless told otherwise. */
const transactionTimeoutMs = 900_000

export const produce = command({
  name: 'produce',
  about: 'Writes records to a topic.',
  details: [
    'With text, a line is a value; --key-separator finds the key before it, --headers the headers before that, up to a tab.',
    'With json, a line is an object with value, and key, headers, timestamp and partition where they are wanted.',
    'With raw, the whole input is one value.',
    'With --transactional-id all of the input is one transaction: it counts as a whole once the command ends with 0, or not at all.',
  ].join('\n'),
  flags: {
    bootstrap: bootstrapFlag,
    format: flag.choice(formats, 'What the input is.', { otherwise: 'text' }),
    keySeparator: flag.text('TEXT', 'With text: lines begin with a key, up to the first TEXT.', { short: 'k' }),
    key: flag.text('KEY', 'The key of records that bring none.'),
    header: {
      ...flag.list('NAME:VALUE', 'A header of every record; may be given several times.', { short: 'H' }),
      read: (texts: readonly string[]) => texts.map(headerIn),
    },
    null: flag.text('TEXT', 'With text: a value, or a key, that is TEXT is none at all.'),
    delimiter: {
      ...flag.text(
        'CHARACTER',
        'With text and json: what ends a record; a line feed unless told otherwise, \\0 for what find -print0 writes.',
      ),
      read: delimiterIn,
    },
    headers: flag.toggle('With text: lines begin with headers, name:value,name:value and a tab.'),
    base64: flag.toggle('With json: keys, values and headers are base64.'),
    partition: flag.integer('N', 'The partition; else by key, and keyless records to one after another.', { short: 'p', min: 0 }),
    compression: flag.choice(codecs, 'How batches are compressed.', { short: 'z', otherwise: 'none' }),
    acks: flag.choice(['all', '1', '0'], 'Who must have a record: all in-sync replicas, the leader, or nobody.', { otherwise: 'all' }),
    transactionalId: flag.text('ID', 'All or nothing, under this id; another transaction of the same id that is open is aborted.'),
  },
  operands: {
    topic: operand.one('TOPIC', 'The topic to write to.'),
    file: operand.optional('FILE', 'The input; standard input if left out.'),
  },
  examples: [
    "printf 'ada:first\\ngrace:second\\n' | stele produce greetings --key-separator :",
    'stele produce images cat.png --key cat --header type:image/png --format raw',
    'stele produce orders orders.jsonl --format json --transactional-id nightly',
  ],
  run: (input, terminal) => {
    checkTogether(input)
    const stop = stopSignal()
    return withClient(input.bootstrap, async (stele) => {
      await (input.transactionalId === undefined ? writeEach : writeAll)(stele, input, terminal, stop)
      return Exit.ok
    })
  },
})

interface Input {
  readonly topic: string
  readonly file: string | undefined
  readonly format: Format
  readonly keySeparator: string | undefined
  readonly key: string | undefined
  readonly header: readonly (readonly [name: string, value: Buffer])[]
  readonly headers: boolean
  readonly base64: boolean
  readonly null: string | undefined
  readonly delimiter: number
  readonly partition: number | undefined
  readonly compression: (typeof codecs)[number]
  readonly acks: 'all' | '1' | '0'
  readonly transactionalId: string | undefined
}

/** A byte. */
function delimiterIn(texts: readonly string[]): number {
  const bytes = Buffer.from(unescaped(texts.at(-1) ?? '\\n'))
  if (bytes.length !== 1) throw new BadValue('one character, or \\n, \\t or \\0')
  return bytes[0] as number
}

function headerIn(text: string): [name: string, value: Buffer] {
  const at = text.indexOf(':')
  if (at < 1) throw new BadValue('NAME:VALUE')
  return [text.slice(0, at), Buffer.from(text.slice(at + 1))]
}

function checkTogether({ key, keySeparator, transactionalId, acks, null: nullText, format }: Input): void {
  const wrong = (message: string) => new UsageError(message, 'produce')
  if (nullText !== undefined && format !== 'text') throw wrong(`--null and --format ${format} cannot both be`)
  if (key !== undefined && keySeparator !== undefined) {
    throw wrong('--key and --key-separator cannot both be: with --key-separator every line brings its key')
  }
  if (transactionalId !== undefined && acks !== 'all') throw wrong(`--transactional-id and --acks ${acks} cannot both be`)
}

interface Destination {
  send(topic: string, records: readonly ProducerRecord[]): Promise<unknown>
}

async function writeEach(stele: Stele, input: Input, terminal: Terminal, stop: StopSignal): Promise<void> {
  const producer = stele.producer({ acks: acksOf[input.acks], compression: input.compression, deliveryTimeoutMs })
  await write(producer, input, terminal, stop)
}

async function writeAll(stele: Stele, input: Input, terminal: Terminal, stop: StopSignal): Promise<void> {
  const { compression, transactionalId = '' } = input
  await using producer = stele.transactionalProducer({ transactionalId, transactionTimeoutMs, compression, deliveryTimeoutMs })
  // Left without a commit, it is aborted.
  await using transaction = await producer.begin()
  await write(transaction, input, terminal, stop, () => {
    if (stop.requested) throw new CommandError('interrupted: the transaction is aborted, and nothing was written')
    return transaction.commit()
  })
}

/** @param commit what was sent counts only with it. */
async function write(
  destination: Destination,
  input: Input,
  { err }: Terminal,
  stop: StopSignal,
  commit?: () => Promise<void>,
): Promise<void> {
  const startedAt = nodeClock.monotonic()
  const complete = completion(input)
  const source = opened(input.file)
  const progress = new Progress(err, nodeClock, { title: 'writing', unit: 'bytes', ...source.size })
  const sending = new Sending(
    (records) => destination.send(input.topic, records.map(complete)),
    (error) => source.stream.destroy(error),
  )
  const tell = () => err.write(summary(sending, nodeClock.monotonic() - startedAt, input.topic))
  void stop.request.then(() => source.stream.destroy())
  try {
    try {
      for await (const records of recordsOf(source.stream, input)) {
        await sending.add(records)
        progress.done(sending.bytes)
      }
    } catch (error) {
      if (!isStopped(error, stop)) throw error
    }
    await sending.finished()
    await commit?.()
  } catch (error) {
    await sending.settled()
    progress.clear()
    if (sending.records > 0 && !commit) await tell()
    throw error
  }
  progress.clear()
  await tell()
}

/** What the flags say of every record, where it does not say so itself. */
function completion({ key, header, partition }: Input): (record: ProducerRecord) => ProducerRecord {
  const keyBytes = key === undefined ? undefined : Buffer.from(key)
  if (!keyBytes && header.length === 0 && partition === undefined) return (record) => record
  return (record) => ({
    ...record,
    key: record.key ?? keyBytes ?? null,
    headers: [...(record.headers ?? []), ...header],
    partition: record.partition ?? partition,
  })
}

/** Destroying the input is how a stop reaches it. */
function isStopped(error: unknown, stop: StopSignal): boolean {
  const { code } = error as NodeJS.ErrnoException
  return stop.requested && (code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ABORT_ERR')
}

function opened(path: string | undefined): { stream: Readable; size: { total?: number } } {
  if (path === undefined) return { stream: process.stdin, size: {} }
  try {
    const total = statSync(path).size
    return { stream: createReadStream(path, { highWaterMark: readBytes }), size: { total } }
  } catch (error) {
    throw new CommandError(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`, error)
  }
}

async function* recordsOf(stream: Readable, input: Input): AsyncGenerator<ProducerRecord[]> {
  if (input.format === 'raw') {
    yield [{ value: await whole(stream) }]
    return
  }
  const keySeparator = input.keySeparator === undefined ? undefined : unescaped(input.keySeparator)
  const layout = { keySeparator, headers: input.headers, null: input.null }
  let line = 0
  for await (const lines of linesOf(stream as AsyncIterable<Buffer>, input.delimiter)) {
    const records: ProducerRecord[] = []
    for (const bytes of lines) {
      const where = `line ${++line}`
      if (input.format === 'text') records.push(readText(bytes, layout, where))
      else if (bytes.length > 0) records.push(readJson(bytes, input.base64, where))
    }
    yield records
  }
}

async function whole(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > lineBytesMax) throw new CommandError(`an input of more than ${lineBytesMax} bytes is too long for one record`)
  }
  return Buffer.concat(chunks)
}

function summary({ records, bytes }: Sending, elapsed: number, topic: string): string {
  const rate = elapsed > 1000 ? `, ${bytesText((bytes / elapsed) * 1000)}/s` : ''
  const amount = `${countText(records)} record${records === 1 ? '' : 's'} (${bytesText(bytes)})`
  return `${amount} written to ${topic} in ${durationText(elapsed)}${rate}\n`
}
