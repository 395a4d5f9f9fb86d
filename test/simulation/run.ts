/**
 * The simulator's command: `make sim` runs 2,000 seeds, `make sim SEED=7` replays one and tells what happened.
 *
 *     node test/simulation/run.ts [count]          seeds 1 to count; SEEDS=count and FIRST=seed do the same
 *     SEED=7 node test/simulation/run.ts           one seed, with a readable trace (SEED=7 QUIET=1: without)
 *
 * A seed that fails is named with the command that repeats it, and the exit code is 1 (CONTINUE=1: after all the others). Every fiftieth seed is run twice: the two runs must
 * agree on everything that happened (invariant 7).
 */
import { Violation } from './violation.ts'
import { type Outcome, World } from './world.ts'

const replayEvery = 50

async function simulate(seed: number): Promise<Outcome> {
  const outcome = await new World(seed).run()
  if (seed % replayEvery === 0) {
    const again = await new World(seed).run()
    if (again.hash !== outcome.hash) throw new Violation(7, `two runs of seed ${seed} differ: ${outcome.hash} and ${again.hash}`)
  }
  return outcome
}

async function replay(seed: number): Promise<number> {
  const print = process.env['QUIET'] ? undefined : (line: string): void => console.log(line)
  const world = new World(seed, print)
  if (print) console.log(JSON.stringify(world.plan, undefined, 2))
  try {
    console.log(JSON.stringify(await world.run()))
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

async function runAll(first: number, count: number): Promise<number> {
  const total = {
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
  }
  const startedAt = performance.now()
  let failed = 0
  for (let seed = first; seed < first + count; seed++) {
    try {
      const outcome = await simulate(seed)
      for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += outcome[key]
    } catch (error) {
      report(seed, error)
      failed++
      if (!process.env['CONTINUE']) return 1
    }
    progress(seed - first + 1, count)
  }
  const seconds = (performance.now() - startedAt) / 1000
  if (process.stdout.isTTY) process.stdout.write('\r')
  console.log(
    `${total.events} events, ${total.lives} broker lives, ${total.batchesSent} batches sent, ${total.batchesAcknowledged} acknowledged and kept, ` +
      `${total.recordsAudited} records read at the end, ${total.transactionsCommitted} of ${total.transactions} transactions known to be committed, ` +
      `${total.compactions} compactions over ${total.keyedRecords} keyed records, ` +
      `${total.groupMoves} partitions given to group members, who committed ${total.groupCommits} offsets, ` +
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

const seed = process.env['SEED']
process.exitCode = seed
  ? await replay(Number(seed))
  : await runAll(Number(process.env['FIRST'] ?? 1), Number(process.env['SEEDS'] ?? process.argv[2] ?? 2000))
