import t from 'tap'
import { faultBroker } from '../../support/faults/stage.ts'
import { playMatrix } from '../../support/faults/matrix.ts'
import { membership } from '../../support/faults/membership.ts'

t.test('the life of a member of a group, through every fault', { timeout: 110_000 }, async (t) =>
  playMatrix(t, await faultBroker(t), membership),
)
