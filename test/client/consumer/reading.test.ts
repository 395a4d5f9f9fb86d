import t from 'tap'
import { startBroker } from '../../../broker/index.ts'
import { groupSettings } from '../../support/consuming.ts'
import { readingSuite } from '../../support/reading-suite.ts'

t.test('a consumer without a group, on Stele', async (t) => {
  const broker = await startBroker({ settings: groupSettings })
  t.teardown(() => broker.close())
  await readingSuite(t, broker.bootstrap)
})
