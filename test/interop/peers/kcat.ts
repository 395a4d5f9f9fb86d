/**
 * kcat as a peer: a run of the command for each act.
 * It cannot set a record's time, so what it produces has the time of its run.
 */
import { spawn } from 'node:child_process'
import * as fs from 'node:fs'
import type { Codec, Peer, ReadJob } from './peer.ts'
import { Reading, recordsIn, type Summary } from './reading.ts'

/** Neither is in any package's stanza. */
const recordEnd = '\x1e'
const keyEnd = '\x1f'

/** librdkafka knows the end of a partition by a fetch that came back empty. */
const promptEnd = ['-X', 'fetch.wait.max.ms=20']

export class Kcat implements Peer {
  readonly name = 'kcat'
  readonly #bootstrap: string
  readonly #settings: readonly string[]

  constructor(bootstrap: string, settings: Record<string, string> = {}) {
    this.#bootstrap = bootstrap
    this.#settings = Object.entries(settings).flatMap(([name, value]) => ['-X', `${name}=${value}`])
  }

  async produce({ topic, codec, file }: { topic: string; codec: Codec; file: string }): Promise<number> {
    const input: Buffer[] = []
    for (const { key, value } of recordsIn(fs.readFileSync(file))) input.push(key, Buffer.from(keyEnd), value, Buffer.from(recordEnd))
    const settings = ['-z', codec, '-X', 'topic.partitioner=murmur2_random', '-X', 'acks=all', '-X', 'linger.ms=5']
    await this.#run(['-P', '-t', topic, '-K', keyEnd, '-D', recordEnd, ...settings], Buffer.concat(input))
    return input.length / 4
  }

  async read({ topic, partitions, from, isolation = 'read_uncommitted' }: ReadJob): Promise<Summary> {
    const common = ['-C', '-q', '-e', '-t', topic, '-f', '%p %o %T %K %S %h\n%k%s', '-X', `isolation.level=${isolation}`, ...promptEnd]
    const outputs: Buffer[] = []
    if (from.from === 'offset') {
      for (const [partition, offset] of from.offsets.entries()) {
        outputs.push(await this.#run([...common, '-p', String(partition), '-o', String(offset)]))
      }
    } else {
      outputs.push(await this.#run([...common, '-o', from.from === 'beginning' ? 'beginning' : `s@${from.timeMillis}`]))
    }
    const reading = new Reading(partitions)
    for (const output of outputs) addAll(reading, output)
    return reading.summary()
  }

  async close(): Promise<void> {}

  #run(args: readonly string[], input?: Buffer): Promise<Buffer> {
    const child = spawn('kcat', ['-b', this.#bootstrap, ...args, ...this.#settings], { stdio: ['pipe', 'pipe', 'pipe'] })
    const output: Buffer[] = []
    let errors = ''
    child.stdout.on('data', (bytes: Buffer) => output.push(bytes))
    child.stderr.on('data', (bytes: Buffer) => {
      errors += bytes.toString()
    })
    child.stdin.end(input)
    return new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => {
        if (code === 0) resolve(Buffer.concat(output))
        else reject(new Error(`kcat ${args.join(' ')} ended with ${code}:\n${errors.slice(-4000)}`))
      })
    })
  }
}

/** A line of numbers and headers, then key and value as long as it says. */
function addAll(reading: Reading, output: Buffer): void {
  let position = 0
  while (position < output.length) {
    const lineEnd = output.indexOf('\n', position)
    const [partition, offset, time, keyLength, valueLength, headers] = splitLine(output.toString('utf8', position, lineEnd))
    position = lineEnd + 1
    const field = (length: number) => {
      if (length < 0) return null
      position += length
      return output.subarray(position - length, position)
    }
    reading.add(partition, offset, time, field(keyLength), field(valueLength), headers)
  }
}

function splitLine(line: string): [number, number, number, number, number, [string, Buffer][]] {
  const words = line.split(' ')
  const [partition = -1, offset = -1, time = -1, keyLength = -1, valueLength = -1] = words.slice(0, 5).map(Number)
  const headers = words.slice(5).join(' ')
  const pairs = headers === '' ? [] : headers.split(',').map((header) => header.split('=') as [string, string])
  return [partition, offset, time, keyLength, valueLength, pairs.map(([name, value]) => [name, Buffer.from(value)])]
}
