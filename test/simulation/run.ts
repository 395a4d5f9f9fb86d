/**
 * The simulator's command: `make sim` runs 2,000 seeds, `make sim SEED=7` replays one and tells what happened.
 *
 *     node test/simulation/run.ts [count]          seeds 1 to count; SEEDS=count and FIRST=seed do the same
 *     SEED=7 node test/simulation/run.ts           one seed, with a readable trace (SEED=7 QUIET=1: without)
 *
 * A seed that fails is named with the command that repeats it, and the exit code is 1 (CONTINUE=1: after all the others). Every fiftieth seed is run twice: the two runs must
 * agree on everything that happened (invariant 7). Every fourth seed has a world of streams besides (streams.ts). Many seeds are shared out among as many processes as there are processors.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { StreamWorld } from './streams.ts'
import { Violation } from './violation.ts'
import { type Outcome, World } from './world.ts'

const replayEvery = 50
const streamsEvery = 4

async function simulate(seed: number): Promise<Totals> {
  const outcome = await new World(seed).run()
  if (seed % replayEvery === 0) {
    const again = await new World(seed).run()
    if (again.hash !== outcome.hash) throw new Violation(7, `two runs of seed ${seed} differ: ${outcome.hash} and ${again.hash}`)
  }
  const { hash: _, ...totals } = outcome
  if (seed % streamsEvery !== 0) return { ...nothing, ...totals }
  const { records, moves, commits } = await new StreamWorld(seed).run()
  return { ...totals, streamedRecords: records, streamMoves: moves, streamCommits: commits }
}

async function replay(seed: number): Promise<number> {
  const print = process.env['QUIET'] ? undefined : (line: string): void => console.log(line)
  const world = new World(seed, print)
  if (print) console.log(JSON.stringify(world.plan, undefined, 2))
  try {
    console.log(JSON.stringify(await world.run()))
    if (seed % streamsEvery === 0) console.log(JSON.stringify(await new StreamWorld(seed, print).run()))
    console.log(`seed ${seed} passed`)
    return 0
  } catch (error) {
    report(seed, error)
    return 1
  }
}

function report(seed: number, error: unknown): void {
  console.log(`\nseed ${seed} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  if (error instanceof Error && error.cause instanceof Error) console.log(`because of ${error.cause.stack}`)
  console.log(`repeat it with: make sim SEED=${seed}`)
}

type Totals = Omit<Outcome, 'hash'> & { streamedRecords: number; streamMoves: number; streamCommits: number }

interface Result {
  readonly totals: Totals
  readonly failed: number
}

/** What a part of the seeds says last, to the process that began it. */
const resultMark = 'RESULT '

async function runAll(first: number, count: number): Promise<Result> {
  let totals: Totals | undefined
  let failed = 0
  for (let seed = first; seed < first + count; seed++) {
    try {
      totals = sum(totals, await simulate(seed))
    } catch (error) {
      report(seed, error)
      failed++
      if (!process.env['CONTINUE']) break
    }
    if (!process.env['PART']) progress(seed - first + 1, count)
  }
  return { totals: totals ?? nothing, failed }
}

const nothing: Totals = {
  events: 0,
  lives: 0,
  batchesSent: 0,
  batchesAcknowledged: 0,
  recordsAudited: 0,
  transactions: 0,
  transactionsCommitted: 0,
  keyedRecords: 0,
  compactions: 0,
  groupMoves: 0,
  groupCommits: 0,
  streamedRecords: 0,
  streamMoves: 0,
  streamCommits: 0,
}

function sum(one: Totals | undefined, other: Totals): Totals {
  const total = { ...nothing }
  for (const key of Object.keys(total) as (keyof Totals)[]) total[key] = (one?.[key] ?? 0) + other[key]
  return total
}

/** Seeds are worlds of their own: many of them run side by side, in processes that take a part each. The first failure ends all (CONTINUE=1: none). */
async function runSplit(first: number, count: number, parts: number): Promise<Result> {
  const size = Math.ceil(count / parts)
  const children: ChildProcess[] = []
  const results = Array.from({ length: parts }, (_, part): Promise<Result> => {
    const from = first + part * size
    const seeds = Math.min(size, first + count - from)
    const env = { ...process.env, FIRST: String(from), SEEDS: String(seeds), PART: '1' }
    const child = spawn(process.execPath, [import.meta.filename], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    return resultOf(child)
  })
  for (const result of results) {
    void result.then(({ failed }) => {
      if (failed > 0 && !process.env['CONTINUE']) for (const child of children) child.kill()
    })
  }
  const all = await Promise.all(results)
  return { totals: all.map(({ totals }) => totals).reduce(sum), failed: all.reduce((failures, { failed }) => failures + failed, 0) }
}

/** What it says besides goes to our output. One that was ended says nothing last. */
async function resultOf({ stdout }: ChildProcess): Promise<Result> {
  let result: Result = { totals: nothing, failed: 0 }
  for await (const line of createInterface({ input: stdout as Readable })) {
    if (line.startsWith(resultMark)) result = JSON.parse(line.slice(resultMark.length)) as Result
    else console.log(line)
  }
  return result
}

function tell({ totals, failed }: Result, count: number, seconds: number): number {
  if (process.stdout.isTTY) process.stdout.write('\r')
  console.log(
    `${totals.events} events, ${totals.lives} broker lives, ${totals.batchesSent} batches sent, ${totals.batchesAcknowledged} acknowledged and kept, ` +
      `${totals.recordsAudited} records read at the end, ${totals.transactionsCommitted} of ${totals.transactions} transactions known to be committed, ` +
      `${totals.compactions} compactions over ${totals.keyedRecords} keyed records, ` +
      `${totals.groupMoves} partitions given to group members, who committed ${totals.groupCommits} offsets, ` +
      `${totals.streamedRecords} records streamed, ${totals.streamMoves} partitions given to pages, who committed ${totals.streamCommits} offsets, ` +
      `${seconds.toFixed(1)} s`,
  )
  if (failed > 0) console.log(`${failed} of ${count} seeds failed`)
  else console.log(`${count} seeds passed`)
  return failed === 0 ? 0 : 1
}

function progress(done: number, count: number): void {
  if (process.stdout.isTTY) process.stdout.write(`\r${done} of ${count} seeds `)
  else if (done % 500 === 0 && done < count) console.log(`${done} of ${count} seeds`)
}

/** A process is worth its start from so many seeds on. */
const seedsPerProcessMin = 250

async function runMany(first: number, count: number): Promise<number> {
  const parts = process.env['PART'] ? 1 : Math.min(availableParallelism(), Math.floor(count / seedsPerProcessMin))
  const startedAt = performance.now()
  const result = parts > 1 ? await runSplit(first, count, parts) : await runAll(first, count)
  if (!process.env['PART']) return tell(result, count, (performance.now() - startedAt) / 1000)
  console.log(`${resultMark}${JSON.stringify(result)}`)
  return result.failed === 0 ? 0 : 1
}

const seed = process.env['SEED']
process.exitCode = seed
  ? await replay(Number(seed))
  : await runMany(Number(process.env['FIRST'] ?? 1), Number(process.env['SEEDS'] ?? process.argv[2] ?? 2000))
