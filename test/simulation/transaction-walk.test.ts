/** Every point between two steps of a transaction: the broker dies there, starts again, and the transaction is there whole, or not at all. */
import t from 'tap'
import { walk } from './transaction-walk.ts'

t.setTimeout(120_000)

/** Of each walk. */
const transactions = 1

for (const version of [1, 2] as const) {
  for (const commits of [true, false]) {
    for (const power of [false, true]) {
      const how = `version ${version}, ${commits ? 'commits' : 'aborts'}, ${power ? 'power failures' : 'kills'}`
      t.test(`transactions outlive a broker that dies at any of its disk operations: ${how}`, { timeout: 60_000 }, async (t) => {
        let operation = 0
        for (let died = true; died; ) {
          operation++
          const { lives, committed } = await walk({ operation, power, version, commits, transactions })
          died = lives > 1
          if (committed !== (commits ? transactions : 0)) t.fail(`at operation ${operation} ${committed} transactions are committed`)
        }
        t.ok(operation > 40, `${operation - 1} operations`)
      })
    }
  }
}
