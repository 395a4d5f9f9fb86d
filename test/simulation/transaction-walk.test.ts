/** Every point between two steps of a transaction: the broker dies there, starts again, and the transaction is there whole, or not at all. */
import t from 'tap'
import { walk } from './transaction-walk.ts'

t.setTimeout(120_000)

/** Of each walk. */
const transactions = 1

const kinds = [
  { how: 'committed', commits: true, drops: false },
  { how: 'committed by a producer that vanishes', commits: true, drops: true },
  { how: 'aborted', commits: false, drops: false },
]

for (const version of [1, 2] as const) {
  for (const { how, commits, drops } of kinds) {
    for (const power of [false, true]) {
      const what = `version ${version}, ${how}, ${power ? 'power failures' : 'kills'}`
      t.test(`transactions outlive a broker that dies at any of its disk operations: ${what}`, { timeout: 60_000 }, async (t) => {
        let operation = 0
        for (let died = true; died; ) {
          operation++
          const { lives, committed } = await walk({ operation, power, version, commits, drops, transactions })
          died = lives > 1
          if (!drops && committed !== (commits ? transactions : 0))
            t.fail(`at operation ${operation} ${committed} transactions are committed`)
        }
        t.ok(operation > 40, `${operation - 1} operations`)
      })
    }
  }
}
