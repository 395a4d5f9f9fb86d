import t from 'tap'
import { faultBroker } from '../../support/faults/stage.ts'
import { administration } from '../../support/faults/administration.ts'
import { playMatrix } from '../../support/faults/matrix.ts'

t.test('every act of administration, through every fault', { timeout: 110_000 }, async (t) =>
  playMatrix(t, await faultBroker(t), administration),
)
