import t from 'tap'
import { Stele, type SteleOptions } from '../../client/index.ts'
import {
  api,
  faultStage,
  impatient,
  nameOf,
  outcomeOf,
  passing,
  silent,
  unhandled,
  valuesOf,
  waitingFor,
  wrong,
} from '../support/fault-stage.ts'

type Act = (stele: Stele) => Promise<unknown>

const queries: readonly [name: string, apiKey: number, act: Act][] = [
  ['topics are described', api.metadata, (stele) => stele.topics.describe(['t'])],
  ['settings are described', api.describeConfigs, (stele) => stele.topics.describe(['t'])],
  ['the cluster is described', api.describeCluster, (stele) => stele.admin.cluster.describe()],
  ['settings are altered', api.incrementalAlterConfigs, (stele) => stele.topics.alterConfigs('t', { 'retention.ms': '100000' })],
  ['offsets are asked for', api.listOffsets, (stele) => stele.admin.partitions.offsets([{ topic: 't', partition: 0, at: 'end' }])],
  ['groups are listed', api.listGroups, (stele) => stele.groups.list()],
  ['a group is looked for', api.findCoordinator, (stele) => stele.groups.describe('g')],
  ['a group is described', api.describeGroups, (stele) => stele.groups.describe('g')],
  ['committed offsets are listed', api.offsetFetch, (stele) => stele.admin.groupOffsets.list('g')],
  ['offsets are committed', api.offsetCommit, (stele) => stele.groups.reset('g', [{ topic: 't', partition: 0, offset: 1 }])],
  ['records are read', api.fetch, (stele) => valuesOf(stele, 't')],
]

t.test('while what is asked is lost on the way', { timeout: 60_000 }, async (t) => {
  const proxy = await faultStage(t)
  await using setup = new Stele({ bootstrap: proxy.bootstrap })
  await setup.topics.create([{ name: 't', partitions: 1 }])
  await setup.producer().send('t', { value: Buffer.from('a') })
  await setup.groups.reset('g', [{ topic: 't', partition: 0, offset: 0 }])
  for (const [name, apiKey, act] of queries) {
    for (const fault of [...passing, ...silent, ...wrong]) {
      const what = `${name}, ${nameOf(fault)}`
      await using stele = new Stele({ bootstrap: proxy.bootstrap, ...waitingFor(fault) })
      proxy.once(apiKey, fault)
      const outcome = await outcomeOf(t, act(stele), what)
      if (passing.includes(fault)) t.equal(outcome, 'done', what)
      else t.match(outcome, wrong.includes(fault) ? /^(MALFORMED_RESPONSE|done)$/ : /^(REQUEST_TIMED_OUT|done)$/, what)
      t.equal(await outcomeOf(t, act(stele), what), 'done', `${what}: the next time`)
    }
    for (const fault of ['cut after', 'silence', 'nonsense'] as const) {
      await using stele = new Stele({ bootstrap: proxy.bootstrap, ...impatient })
      proxy.once(apiKey, fault, Number.POSITIVE_INFINITY)
      t.not(await outcomeOf(t, act(stele), `${name}, always ${fault}`), 'done', `${name}, always ${fault}`)
    }
    proxy.plan = () => undefined
  }
  t.same(unhandled, [])
})

t.test('a broker that goes away for good ends what waits for it, in time', { timeout: 60_000 }, async (t) => {
  const proxy = await faultStage(t)
  const options: SteleOptions = { bootstrap: proxy.bootstrap, ...impatient }
  await using stele = new Stele(options)
  await stele.topics.create([{ name: 't', partitions: 1 }])
  const producer = stele.producer({ deliveryTimeoutMs: 500 })
  await producer.send('t', { value: Buffer.from('a') })
  const batches = stele.reader().batches('t', { from: 'beginning' })
  await batches.next()
  const reading = batches.next()
  proxy.refuse()
  const outcomes = await Promise.all([
    outcomeOf(t, producer.send('t', { value: Buffer.from('b') }), 'sending'),
    outcomeOf(t, reading, 'reading'),
    outcomeOf(t, stele.topics.list(), 'listing'),
    outcomeOf(t, stele.groups.describe('g'), 'describing'),
  ])
  for (const outcome of outcomes) t.match(outcome, /^(CONNECTION_LOST|CONNECTION_FAILED|REQUEST_TIMED_OUT|DELIVERY_TIMED_OUT)$/)
  proxy.accept()
  t.ok((await stele.topics.list()).length > 0, 'and when it is back all goes on')
  await producer.send('t', { value: Buffer.from('c') })
  t.same(unhandled, [])
})
