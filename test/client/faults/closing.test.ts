import { setTimeout } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { Stele } from '../../../client/index.ts'
import { apiKeyOf } from '../../support/edited-answer.ts'
import { Cell, outcomeOf } from '../../support/faults/cell.ts'
import { connecting, firstCalls } from '../../support/faults/connecting.ts'
import { everything } from '../../support/faults/everything.ts'
import { errorFaults, type Operation, setupAt } from '../../support/faults/matrix.ts'
import { faultBroker, unhandled } from '../../support/faults/stage.ts'

const operations = [...connecting, ...everything]
const limitMs = 1500

/** What was under way when the client closed: it was done all the same, or nobody knows. */
const ends = /^(done|CLIENT_CLOSED|CONNECTION_LOST|REQUEST_TIMED_OUT|DELIVERY_TIMED_OUT|COMMIT_UNKNOWN|ENDED_EARLY)$/

t.test('a client that is closed in the midst of anything ends it, and leaves nothing behind', { timeout: 110_000 }, async (t) => {
  const port = await faultBroker(t)
  await using setup = setupAt(port)
  const closeWithin = async (t: Test, operation: Operation, nth: number) => {
    const { name, api } = operation
    const cell = await Cell.open(`closing-${nth}`, port, limitMs)
    const act = await operation.ready(cell, setup)
    cell.proxy.once(apiKeyOf(api), 'swallowed')
    const underWay = outcomeOf(act())
    await cell.proxy.met
    t.same(await cell.close(), [], name)
    const outcome = await underWay
    t.match(outcome.code, ends, `${name}: ${outcome.error?.message}`)
    t.same(errorFaults(outcome), [], name)
    t.equal((await outcomeOf(cell.stele.admin.cluster.describe())).code, 'CLIENT_CLOSED', name)
  }
  await Promise.all(operations.map((operation, nth) => closeWithin(t, operation, nth)))
  t.same(unhandled, [])
})

t.test('nothing of a client that is closed keeps its process alive', { timeout: 110_000 }, async (t) => {
  const port = await faultBroker(t)
  const alive = () => process.getActiveResourcesInfo().length
  const before = alive()
  const stele = new Stele({ bootstrap: `127.0.0.1:${port}` })
  const cell = { stele, name: 'alive', limitMs } as Cell
  await Promise.all(firstCalls.map(({ call }) => call(cell)()))
  t.ok(alive() > before, 'it has sockets')
  await stele.close()
  for (let turn = 0; turn < 100 && alive() > before; turn++) await setTimeout(5)
  t.ok(alive() <= before, process.getActiveResourcesInfo().join())
})
