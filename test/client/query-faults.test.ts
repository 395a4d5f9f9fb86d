import t from 'tap'
import { faultStage } from '../support/fault-stage.ts'
import { brokerGoesAway, changesAreLost, membersAreCut, queriesAreLost } from '../support/fault-stories.ts'

t.test('what is asked is lost on the way: it is asked again, or an error tells, and all goes on', { timeout: 60_000 }, async (t) =>
  queriesAreLost(t, await faultStage(t)),
)

t.test('a change that cannot be made twice is made, or the error says that it may have been', { timeout: 60_000 }, async (t) =>
  changesAreLost(t, await faultStage(t)),
)

t.test('a broker that goes away for good ends what waits for it, in time', { timeout: 60_000 }, async (t) =>
  brokerGoesAway(t, await faultStage(t)),
)

for (const protocol of ['classic', 'consumer'] as const) {
  t.test(`members of a ${protocol} group go on over every cut`, { timeout: 60_000 }, async (t) =>
    membersAreCut(t, await faultStage(t), protocol),
  )
}
