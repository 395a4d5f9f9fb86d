import t from 'tap'
import { startBroker } from '../../../broker/index.ts'
import { groupSettings } from '../../support/consuming.ts'
import { groupSuite } from '../../support/group-suite.ts'

t.test('consumers in groups, on Stele', { timeout: 120_000 }, async (t) => {
  const broker = await startBroker({ settings: groupSettings })
  t.teardown(() => broker.close())
  await groupSuite(t, broker.bootstrap)
})
