/** A round with somebody else's client: its program, run once, watched from beginning to end. Owns: the process. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { BenchError } from '../bench-error.ts'
import { type Usage, usageOf } from '../measure/process-usage.ts'
import type { CrewEnd } from '../process/crew.ts'
import type { ForeignResult, Program } from './foreign-load.ts'

const lookMillis = 50
const nothing = Buffer.alloc(0)
const storedBytesUsually = 128 * 1024 * 1024

/** How many records it sends or reads, where that is not said. */
export function recordsUsually({ records, size }: { records: number | undefined; size: number }): number {
  return records ?? Math.ceil(storedBytesUsually / size)
}

export interface ForeignOutcome extends ForeignResult {
  /** The last that was seen of it. */
  readonly used: Usage | undefined
}

export async function runProgram({ command, args, input, read }: Program, { signal, gone }: CrewEnd): Promise<ForeignOutcome> {
  const began = performance.now()
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], signal })
  let used: Usage | undefined
  let residentBytes = 0
  const look = setInterval(() => {
    const usage = child.pid === undefined ? undefined : usageOf(child.pid)
    if (usage === undefined || usage.residentBytes === 0) return
    residentBytes = Math.max(residentBytes, usage.residentBytes)
    used = { cpuSeconds: usage.cpuSeconds, residentBytes }
  }, lookMillis)
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-4000)))
  child.stdin.on('error', () => undefined)
  try {
    const closed = once(child, 'close')
    // A program that ends before it has read everything says why by its exit.
    Readable.from(repeated(input ?? { chunk: nothing, times: 0 })).pipe(child.stdin)
    const [code] = (await Promise.race([closed, gone])) as [number | null]
    if (code !== 0) throw new BenchError(`${command} ended with ${code}: ${errors.trim()}`)
    return { ...read(output, (performance.now() - began) / 1000), used }
  } catch (error) {
    if (error instanceof BenchError) throw error
    throw new BenchError(`${command} cannot be run: ${(error as Error).message}`)
  } finally {
    clearInterval(look)
    child.kill()
  }
}

function* repeated({ chunk, times }: NonNullable<Program['input']>): Generator<Buffer> {
  for (let time = 0; time < times; time++) yield chunk
}
