import t from 'tap'
import { faultStage } from '../../support/faults/stage.ts'
import { brokerGoesAway, changesAreLost, manyAreLost, membersAreCut, sendsAreLost } from '../../support/faults/stories.ts'

t.test('a change that cannot be made twice is made, or the error says that it may have been', { timeout: 110_000 }, async (t) =>
  changesAreLost(t, await faultStage(t)),
)

t.test('a broker that goes away for good ends what waits for it, in time', { timeout: 110_000 }, async (t) =>
  brokerGoesAway(t, await faultStage(t)),
)

for (const protocol of ['classic', 'consumer'] as const) {
  t.test(`members of a ${protocol} group go on over every cut`, { timeout: 110_000 }, async (t) =>
    membersAreCut(t, await faultStage(t), protocol),
  )
}

t.test('while records are sent, none is delivered twice, and none is said to be that is not', { timeout: 110_000 }, async (t) =>
  sendsAreLost(t, await faultStage(t)),
)

t.test('a third of all requests or answers is lost, and every record is there once', { timeout: 110_000 }, async (t) =>
  manyAreLost(t, await faultStage(t)),
)
