import t from 'tap'
import { faultBroker } from '../../support/faults/stage.ts'
import { playMatrix } from '../../support/faults/matrix.ts'
import { producing } from '../../support/faults/producing.ts'

t.test('sending records, through every fault', { timeout: 110_000 }, async (t) => playMatrix(t, await faultBroker(t), producing))
