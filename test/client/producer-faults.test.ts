import t from 'tap'
import { faultStage } from '../support/fault-stage.ts'
import { manyAreLost, sendsAreLost } from '../support/fault-stories.ts'

t.test('while records are sent, none is delivered twice, and none is said to be that is not', { timeout: 60_000 }, async (t) =>
  sendsAreLost(t, await faultStage(t)),
)

t.test('a third of all requests or answers is lost, and every record is there once', { timeout: 60_000 }, async (t) =>
  manyAreLost(t, await faultStage(t)),
)
