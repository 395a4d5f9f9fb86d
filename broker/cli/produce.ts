/** `stele produce`: records from standard input or a file to a topic. */
import { createReadStream, statSync } from 'node:fs'
import type { Readable } from 'node:stream'
import type { Producer, ProducerRecord } from '../../client/index.ts'
import { nodeClock } from '../platform/node/clock.ts'
import { bootstrapFlag, withClient } from './client.ts'
import { command, flag, operand } from './command.ts'
import { CommandError, Exit } from './exit.ts'
import { lineBytesMax, linesOf } from './lines.ts'
import { Progress } from './progress.ts'
import { bytesText, countText, durationText } from './quantities.ts'
import { type Format, formats, readJson, readText, separatorOf } from './record-format.ts'
import { Sending } from './sending.ts'
import { type StopSignal, stopSignal } from './stop-signal.ts'
import type { Terminal } from './terminal.ts'

const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
const acksOf = { all: 'all', 1: 'leader', 0: 'none' } as const
const readBytes = 512 * 1024
/** How long a broker may be away before the command gives up. */
const deliveryTimeoutMs = 30_000

export const produce = command({
  name: 'produce',
  about: 'Writes records to a topic.',
  details: [
    'With text, a line is a value; --key-separator finds the key before it, --headers the headers before that, up to a tab.',
    'With json, a line is an object with value, and key, headers, timestamp and partition where they are wanted.',
    'With raw, the whole input is one value.',
  ].join('\n'),
  flags: {
    bootstrap: bootstrapFlag,
    format: flag.choice(formats, 'What the input is.', { otherwise: 'text' }),
    keySeparator: flag.text('TEXT', 'With text: lines begin with a key, up to the first TEXT.', { short: 'k' }),
    headers: flag.toggle('With text: lines begin with headers, name:value,name:value and a tab.'),
    base64: flag.toggle('With json: keys, values and headers are base64.'),
    partition: flag.integer('N', 'The partition; else by key, and keyless records to one after another.', { short: 'p', min: 0 }),
    compression: flag.choice(codecs, 'How batches are compressed.', { short: 'z', otherwise: 'none' }),
    acks: flag.choice(['all', '1', '0'], 'Who must have a record: all in-sync replicas, the leader, or nobody.', { otherwise: 'all' }),
  },
  operands: {
    topic: operand.one('TOPIC', 'The topic to write to.'),
    file: operand.optional('FILE', 'The input; standard input if left out.'),
  },
  examples: [
    "printf 'ada:first\\ngrace:second\\n' | stele produce greetings --key-separator :",
    'stele produce images cat.png --format raw',
  ],
  run: (input, terminal) => {
    const stop = stopSignal()
    return withClient(input.bootstrap, async (stele) => {
      await write(stele.producer({ acks: acksOf[input.acks], compression: input.compression, deliveryTimeoutMs }), input, terminal, stop)
      return Exit.ok
    })
  },
})

interface Input {
  readonly topic: string
  readonly file: string | undefined
  readonly format: Format
  readonly keySeparator: string | undefined
  readonly headers: boolean
  readonly base64: boolean
  readonly partition: number | undefined
}

async function write(producer: Producer, input: Input, { err }: Terminal, stop: StopSignal): Promise<void> {
  const startedAt = nodeClock.monotonic()
  const source = opened(input.file)
  const progress = new Progress(err, nodeClock, { title: 'writing', unit: 'bytes', ...source.size })
  const sending = new Sending(
    (records) =>
      producer.send(
        input.topic,
        input.partition === undefined ? records : records.map((record) => ({ ...record, partition: record.partition ?? input.partition })),
      ),
    (error) => source.stream.destroy(error),
  )
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
  } catch (error) {
    await sending.settled()
    progress.clear()
    if (sending.records > 0) await err.write(summary(sending, nodeClock.monotonic() - startedAt, input.topic))
    throw error
  }
  progress.clear()
  await err.write(summary(sending, nodeClock.monotonic() - startedAt, input.topic))
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
  const layout = { keySeparator: input.keySeparator === undefined ? undefined : separatorOf(input.keySeparator), headers: input.headers }
  let line = 0
  for await (const lines of linesOf(stream as AsyncIterable<Buffer>)) {
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
