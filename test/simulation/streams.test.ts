/** Streams in worlds of their own: `SEED=n node test/simulation/streams.test.ts` replays one. */
import t from 'tap'
import { StreamWorld } from './streams.ts'

const only = process.env['SEED']
const seeds = only ? [Number(only)] : Array.from({ length: 40 }, (_, index) => index + 1)

t.test('pages write and read each record once, and share a group, whatever sockets and brokers do', { timeout: 110_000 }, async (t) => {
  let lives = 0
  let connections = 0
  let moves = 0
  let commits = 0
  for (const seed of seeds) {
    try {
      const outcome = await new StreamWorld(seed).run()
      lives += outcome.lives
      connections += outcome.connections
      moves += outcome.moves
      commits += outcome.commits
    } catch (error) {
      t.fail(`seed ${seed}: ${error instanceof Error ? error.stack : String(error)}`)
      return
    }
  }
  t.comment(`${lives} lives of brokers, ${connections} connections, ${moves} partitions given to members, ${commits} offsets committed`)
  if (!only) t.ok(moves > 50 && commits > 50, 'groups had something to do')
  t.equal((await new StreamWorld(1).run()).hash, (await new StreamWorld(1).run()).hash, 'the same seed, the same world')
})
