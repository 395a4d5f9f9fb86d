import t, { type Test } from 'tap'
import { startBroker } from '../../../broker/index.ts'
import { ClientError, type Outcome, orThrow, Stele } from '../../../client/index.ts'

const codesOf = (outcomes: readonly Outcome<object>[]) => outcomes.map(({ error }) => error?.code ?? 'NONE')

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'nothing thrown',
    (error: unknown) => (error instanceof ClientError ? error.code : error),
  )
}

async function start(t: Test) {
  const broker = await startBroker()
  const stele = new Stele({ bootstrap: broker.bootstrap })
  t.teardown(async () => {
    await stele.close()
    await broker.close()
  })
  return { stele, admin: stele.admin }
}

t.test('what Stele serves of administration', async (t) => {
  const { stele, admin } = await start(t)
  const made = await admin.topics.create([{ name: 'orders', partitions: 2 }, { name: 'bad name!' }])
  t.same(codesOf(made).sort(), ['INVALID_TOPIC_EXCEPTION', 'NONE'], 'each for itself')
  t.match(
    made.find(({ name }) => name === 'orders'),
    { partitions: 2, replicationFactor: 1 },
  )
  t.equal(await codeOf(admin.topics.create([{ name: 'bad name!' }]).then(orThrow)), 'INVALID_TOPIC_EXCEPTION')
  const orders = (partition: number) => ({ topic: 'orders', partition })
  await stele.producer().send(
    'orders',
    Array.from({ length: 10 }, (_, nth) => ({ value: Buffer.from(String(nth)), partition: nth % 2, timestamp: 1_700_000_000_000 + nth })),
  )

  const { brokers, controllerId } = await admin.cluster.describe()
  t.ok(brokers.some(({ id }) => id === controllerId))
  t.ok((await admin.features.describe()).finalized.has('metadata.version'))
  t.match(codesOf(await admin.logDirs.move([{ topic: 'x', partition: 0, broker: controllerId, path: '/x' }])), [
    /LOG_DIR_NOT_FOUND|UNKNOWN_TOPIC/,
  ])

  t.same(
    orThrow(await admin.topics.describe(['orders']))[0]?.partitions.map(({ index, isr }) => [index, isr.length]),
    [
      [0, 1],
      [1, 1],
    ],
  )
  t.same(
    orThrow(
      await admin.partitions.offsets([
        { ...orders(0), at: 'end' },
        { ...orders(1), at: { time: 1_700_000_000_004 } },
      ]),
    ).map(({ offset }) => offset),
    [5, 2],
  )
  t.same(orThrow(await admin.partitions.deleteRecords([{ ...orders(0), offset: 3 }]))[0]?.beginning, 3)
  const unknown = [orders(9), { topic: 'nowhere', partition: 0 }].map((partition) => ({ ...partition, at: 'end' as const }))
  t.same(codesOf(await admin.partitions.offsets([...unknown, { ...orders(0), at: 'end' }])), [
    'UNKNOWN_TOPIC_OR_PARTITION',
    'UNKNOWN_TOPIC_OR_PARTITION',
    'NONE',
  ])

  orThrow(await admin.configs.alter([{ type: 'topic', name: 'orders', configs: { 'retention.ms': '1234' } }]))
  const [described] = orThrow(await admin.configs.describe([{ type: 'topic', name: 'orders', names: ['retention.ms'] }]))
  t.match(described?.configs, [{ name: 'retention.ms', value: '1234', source: 'topic', type: 'long', isReadOnly: false }])

  orThrow(await admin.groupOffsets.alter('readers', [{ ...orders(0), offset: 4, metadata: 'four' }]))
  t.match(orThrow(await admin.groupOffsets.list('readers')), [{ ...orders(0), offset: 4, metadata: 'four' }])
  t.match(await admin.groups.list({ states: ['Empty'] }), [{ groupId: 'readers', type: 'classic' }])
  t.match(await admin.groups.describe(['readers', 'nobody']), [{ state: 'Empty' }, { error: { code: 'GROUP_ID_NOT_FOUND' } }])
  t.same(codesOf(await admin.groupOffsets.delete('readers', [orders(0)])), ['NONE'])
  t.same(codesOf(await admin.groups.delete(['readers', 'nobody'])), ['NONE', 'GROUP_ID_NOT_FOUND'])
  const [twice] = orThrow(await admin.topics.create([{ name: 'twice' }]))
  t.match(await admin.topics.describeById([twice?.id ?? '', 'AAAAAAAAAAAAAAAAAAAABw']), [
    { id: twice?.id, name: 'twice', isInternal: false, partitions: [{ index: 0, leader: controllerId, eligibleLeaders: [] }] },
    { id: 'AAAAAAAAAAAAAAAAAAAABw', error: { code: 'UNKNOWN_TOPIC_ID' } },
  ])
  t.same(codesOf(await admin.topics.deleteById([twice?.id ?? ''])), ['NONE'])
  t.same(codesOf(await admin.topics.deleteById([twice?.id ?? ''])), ['UNKNOWN_TOPIC_ID'])
  t.same(codesOf(await admin.topics.delete(['orders', 'nowhere'])), ['NONE', 'UNKNOWN_TOPIC_OR_PARTITION'])
})

t.test('what a broker does not serve is told as such, at once', async (t) => {
  const { admin } = await start(t)
  const acts = [
    admin.acls.describe(),
    admin.delegationTokens.create(),
    admin.scramCredentials.describe(),
    admin.shareGroups.describe('g'),
    admin.streamsGroups.describe('g'),
    admin.quotas.describe(),
    admin.quorum.removeVoter({ id: 1, directoryId: 'AAAAAAAAAAAAAAAAAAAABw' }),
    admin.quorum.describe(),
  ]
  for (const code of await Promise.all(acts.map(codeOf))) t.equal(code, 'UNSUPPORTED_VERSION')
})

t.test('a call ends when its signal is given, or its time is over', async (t) => {
  const { admin, stele } = await start(t)
  t.equal(await codeOf(admin.cluster.describe({ signal: AbortSignal.abort() })), 'ABORTED')
  t.equal(await codeOf(stele.topics.list({ signal: AbortSignal.abort() })), 'ABORTED')
  const giveUp = new AbortController()
  const listing = admin.groups.list({}, { signal: giveUp.signal })
  giveUp.abort(new Error('enough'))
  const error = await listing.catch((reason: unknown) => reason)
  t.match(error, { code: 'ABORTED', cause: { message: 'enough' } })
  t.ok((await admin.cluster.describe()).clusterId, 'the connection goes on')
})
