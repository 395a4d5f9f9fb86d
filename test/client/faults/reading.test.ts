import t from 'tap'
import { faultBroker } from '../../support/faults/stage.ts'
import { playMatrix } from '../../support/faults/matrix.ts'
import { reading } from '../../support/faults/reading.ts'

t.test('reading, through every fault', { timeout: 110_000 }, async (t) => playMatrix(t, await faultBroker(t), reading))
