/**
 * Kafka Connect in its standalone form: a file's lines go to a topic and from there to another file, byte for byte, and a worker that is
 * started again goes on where its stored offsets and its group's say.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import * as path from 'node:path'
import t from 'tap'
import { aptRecords } from '../support/apt-records.ts'
import { javaCommand } from '../support/kafka.ts'
import { cached, full, missing } from './cache.ts'
import { kafkajs } from './peers/roster.ts'
import { noTarget, startTarget, temporaryDirectory } from './target.ts'
import { until } from './until.ts'

const skip = noTarget || missing('kafka', 'java', 'npm')
/** In ASCII: Connect's file source counts characters and seeks to bytes, so behind an é it would read some lines twice, on any broker. */
const text = Buffer.from(
  aptRecords(full ? 20_000 : 1000, { headers: false })
    .map(({ value }) => `${value.toString().replaceAll(/[^\n -~]/g, '?')}\n`)
    .join(''),
)
const lineFeed = 0x0a

t.test('Kafka Connect carries a file to a topic and on to a file', { skip, timeout: full ? 600_000 : 120_000 }, async (t) => {
  const target = await startTarget()
  const home = temporaryDirectory()
  const topic = `connect-${process.pid}`
  const [input, output] = [path.join(home, 'in.txt'), path.join(home, 'out.txt')]
  const admin = kafkajs(target.bootstrap)
  const workers: Worker[] = []
  t.teardown(async () => {
    await Promise.all([admin.close(), ...workers.map((worker) => worker.end('SIGKILL'))])
    await target.close()
    fs.rmSync(home, { recursive: true, force: true })
  })
  await admin.ask({ op: 'create', topic, partitions: '1', 'retention.ms': '-1' })
  const configs = configFiles(home, { bootstrap: target.bootstrap, topic, input, output })
  const start = (): Worker => {
    const worker = new Worker(configs)
    workers.push(worker)
    return worker
  }
  const size = () => fs.statSync(output, { throwIfNoEntry: false })?.size ?? 0
  const arrived = async (worker: Worker, wanted: Buffer) => {
    await until(
      `${wanted.length} bytes in ${output}`,
      async () => ({ size: size(), ended: worker.child.exitCode, log: worker.log().slice(-1500) }),
      (seen) => seen.size >= wanted.length || seen.ended !== null,
      full ? 300_000 : 60_000,
    )
    t.ok(fs.readFileSync(output).equals(wanted), 'the same bytes')
  }

  const [first, second, third] = [...linesOf(text, 3)] as [Buffer, Buffer, Buffer]
  fs.writeFileSync(input, first)
  const before = start()
  await arrived(before, first)
  fs.appendFileSync(input, second)
  await arrived(before, Buffer.concat([first, second]))
  await before.end('SIGTERM')

  fs.appendFileSync(input, third)
  const after = start()
  await arrived(after, text)
  await after.end('SIGTERM')
  const { count } = await admin.read({ topic, partitions: 1, from: { from: 'beginning' } })
  t.equal(count, text.filter((byte) => byte === lineFeed).length, 'each line is in the topic once')
})

class Worker {
  readonly child: ChildProcess
  #log = ''

  constructor(configs: readonly string[]) {
    this.child = spawn(...javaCommand('org.apache.kafka.connect.cli.ConnectStandalone', ...configs), { stdio: ['ignore', 'pipe', 'pipe'] })
    const read = (bytes: Buffer) => {
      this.#log = (this.#log + bytes.toString()).slice(-20_000)
    }
    this.child.stdout?.on('data', read)
    this.child.stderr?.on('data', read)
  }

  log(): string {
    return this.#log
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const exited = once(this.child, 'exit')
    this.child.kill(signal)
    const late = setTimeout(() => this.child.kill('SIGKILL'), 30_000)
    await exited
    clearTimeout(late)
  }
}

/** The worker's, the source's and the sink's. */
function configFiles(
  home: string,
  { bootstrap, topic, input, output }: { bootstrap: string; topic: string; input: string; output: string },
): string[] {
  const file = (name: string, settings: Record<string, string>): string => {
    const named = path.join(home, `${name}.properties`)
    fs.writeFileSync(
      named,
      Object.entries(settings)
        .map(([key, value]) => `${key}=${value}\n`)
        .join(''),
    )
    return named
  }
  const converter = 'org.apache.kafka.connect.storage.StringConverter'
  return [
    file('worker', {
      'bootstrap.servers': bootstrap,
      'key.converter': converter,
      'value.converter': converter,
      'offset.storage.file.filename': path.join(home, 'connect.offsets'),
      'offset.flush.interval.ms': '500',
      listeners: 'http://127.0.0.1:0',
      'plugin.path': cached('kafka', 'connect-file-4.3.1.jar'),
      'plugin.discovery': 'service_load',
    }),
    file('source', {
      name: 'source',
      'connector.class': 'FileStreamSource',
      'tasks.max': '1',
      file: input,
      topic,
    }),
    file('sink', {
      name: `sink-${process.pid}`,
      'connector.class': 'FileStreamSink',
      'tasks.max': '1',
      file: output,
      topics: topic,
      'consumer.override.auto.offset.reset': 'earliest',
    }),
  ]
}

/** About equal parts, each of whole lines. */
function* linesOf(bytes: Buffer, parts: number): Generator<Buffer> {
  let start = 0
  for (let part = 1; part <= parts; part++) {
    const end = part === parts ? bytes.length : bytes.indexOf(lineFeed, Math.floor((bytes.length * part) / parts)) + 1
    yield bytes.subarray(start, end)
    start = end
  }
}
