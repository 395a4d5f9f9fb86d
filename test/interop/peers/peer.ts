/**
 * A client of another language, as a test sees it: it produces a file of records to a topic and reads a topic back as digests.
 * LinePeer is one that runs as a process and speaks PROTOCOL.md.
 * Owns: the process. Invariant: one act at a time per peer.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import * as readline from 'node:readline'
import type { From, Summary } from './reading.ts'

export const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export type Codec = (typeof codecs)[number]

export interface ReadJob {
  readonly topic: string
  readonly partitions: number
  readonly from: From
  readonly isolation?: 'read_uncommitted' | 'read_committed'
  /** A file for the records themselves (Java). */
  readonly into?: string
}

/** Above every limit that the peers set themselves. */
const answerMillisMax = 600_000

export interface Peer {
  readonly name: string
  produce(job: { topic: string; codec: Codec; file: string }): Promise<number>
  read(job: ReadJob): Promise<Summary>
  close(): Promise<void>
}

export class LinePeer implements Peer {
  readonly name: string
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  #logged = ''

  constructor(name: string, command: string, args: readonly string[]) {
    this.name = name
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child.stderr?.on('data', (bytes: Buffer) => {
      this.#logged = (this.#logged + bytes.toString()).slice(-8000)
    })
    if (!this.#child.stdout) throw new Error(`${name} has no output`)
    this.#lines = readline.createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  async ask(request: Record<string, string>): Promise<Record<string, string>> {
    this.#child.stdin?.write(`${new URLSearchParams(request).toString()}\n`)
    const late = setTimeout(() => this.#child.kill('SIGKILL'), answerMillisMax)
    const { value, done } = await this.#lines.next()
    clearTimeout(late)
    if (done)
      throw new Error(`${this.name} ended, or gave no answer within ${answerMillisMax} ms, at ${JSON.stringify(request)}:\n${this.#logged}`)
    const reply = Object.fromEntries(new URLSearchParams(value))
    if (reply['error'] !== undefined) throw new Error(`${this.name}: ${reply['error']} at ${JSON.stringify(request)}:\n${this.#logged}`)
    return reply
  }

  async produce(job: { topic: string; codec: Codec; file: string }): Promise<number> {
    const { count } = await this.ask({ op: 'produce', ...job })
    return Number(count)
  }

  async read({ topic, partitions, from, isolation = 'read_uncommitted', into }: ReadJob): Promise<Summary> {
    const { count, sha256, times } = await this.ask({
      op: 'read',
      topic,
      partitions: String(partitions),
      from: from.from,
      at: at(from),
      isolation,
      ...(into === undefined ? {} : { into }),
    })
    return { count: Number(count), sha256: sha256 ?? '', times: times ?? '' }
  }

  /** Stops the process where it is, or lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal)
  }

  /** Its end without a word to the broker; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.stdin?.end()
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 10_000)
    await exited
    clearTimeout(late)
  }
}

function at(from: From): string {
  switch (from.from) {
    case 'beginning':
      return ''
    case 'offset':
      return from.offsets.join(',')
    case 'time':
      return String(from.timeMillis)
  }
}
