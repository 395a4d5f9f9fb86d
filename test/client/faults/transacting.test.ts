import t from 'tap'
import { faultBroker } from '../../support/faults/stage.ts'
import { playMatrix } from '../../support/faults/matrix.ts'
import { transacting } from '../../support/faults/transacting.ts'

t.test('each step of a transaction, through every fault', { timeout: 110_000 }, async (t) =>
  playMatrix(t, await faultBroker(t), transacting),
)
