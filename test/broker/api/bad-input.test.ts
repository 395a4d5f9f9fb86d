/** Every bad request gets Kafka's own error code. That they are Kafka's, test/interop/bad-input.test.ts proves with the same tables. */
import t from 'tap'
import { startBroker } from '../../../broker/index.ts'
import { administrationCases } from './bad-input/administration.ts'
import { consumerGroupCases } from './bad-input/consumer-groups.ts'
import { fetchCases } from './bad-input/fetch.ts'
import { groupCases } from './bad-input/groups.ts'
import { produceCases } from './bad-input/produce.ts'
import { queryCases } from './bad-input/queries.ts'
import { transactionalOffsetCases } from './bad-input/transactional-offsets.ts'
import { transactionCases } from './bad-input/transactions.ts'
import { World } from './bad-input/world.ts'

const tables = {
  Produce: produceCases,
  Fetch: fetchCases,
  Groups: groupCases,
  'Consumer groups': consumerGroupCases,
  others: queryCases,
  Administration: administrationCases,
  Transactions: transactionCases,
  'Offsets in transactions': transactionalOffsetCases,
}

const broker = await startBroker({ settings: { 'auto.create.topics.enable': false, 'group.initial.rebalance.delay.ms': 0 } })
const world = await World.open(broker.port)
t.teardown(async () => {
  world.close()
  await broker.close()
})

for (const [api, cases] of Object.entries(tables)) {
  t.test(`bad requests are refused with Kafka's codes: ${api}`, async (t) => {
    for (const { name, ask, configs, answer } of cases) t.same(await ask(world, await world.topic(configs)), answer, name)
  })
}
