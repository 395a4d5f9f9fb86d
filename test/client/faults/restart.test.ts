import t from 'tap'
import { apiKeyOf } from '../../support/edited-answer.ts'
import { Cell, outcomeOf } from '../../support/faults/cell.ts'
import { everything } from '../../support/faults/everything.ts'
import { errorFaults, type Operation, recovered, setupAt } from '../../support/faults/matrix.ts'
import { restartableBroker, unhandled } from '../../support/faults/stage.ts'

const limitMs = 8000

t.test('a broker that restarts while everything is under way is waited for', { timeout: 110_000 }, async (t) => {
  const broker = await restartableBroker(t)
  await using setup = setupAt(broker.port)
  const begun = await Promise.all(
    everything.map(async (operation, nth) => {
      const cell = await Cell.open(`restart-${nth}`, broker.port, limitMs)
      // Who has never met a broker gives up soon.
      await cell.stele.admin.cluster.describe()
      return { operation, cell, act: await operation.ready(cell, setup) }
    }),
  )
  const underWay = begun.map(({ cell, operation, act }) => {
    // No fault of its own; but some wait until the request has come.
    cell.proxy.once(apiKeyOf(operation.api), { lateMs: 1 })
    return outcomeOf(act())
  })
  await broker.restart()
  for (const [nth, { operation, cell, act }] of begun.entries()) {
    const { name, or, afterwards }: Operation = operation
    const outcome = await (underWay[nth] as (typeof underWay)[number])
    if (!or?.test(outcome.code)) t.equal(outcome.code, 'done', `${name}: ${outcome.error?.message}`)
    t.same(errorFaults(outcome), [], name)
    const later = await recovered(() => (afterwards ? afterwards(cell) : act()))
    if (!or?.test(later.code)) t.equal(later.code, 'done', `${name}, afterwards: ${later.error?.message}`)
    t.same(await cell.close(), [], name)
  }
  t.same(unhandled, [])
})
