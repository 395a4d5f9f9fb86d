/** Every act of the client's administration, on Apache Kafka. */
import t, { type Test } from 'tap'
import { ClientError, type Outcome, orThrow, Stele } from '../../client/index.ts'
import { full, missing } from './cache.ts'
import { secureKafka } from './secure-kafka.ts'
import { until } from './until.ts'

const skip = full ? missing('kafka', 'java') : 'make interop runs it'

async function rejectsWith(t: Test, promise: Promise<unknown>, code: string): Promise<void> {
  const error = await promise.then(
    (answer) => answer,
    (reason: unknown) => reason,
  )
  t.equal(error instanceof ClientError ? error.code : error, code)
}

const codesOf = (outcomes: readonly Outcome<object>[]) => outcomes.map(({ error }) => error?.code ?? 'NONE')

t.test('administration of Apache Kafka', { skip, timeout: 180_000 }, async (t) => {
  const { plaintext, saslSsl, authority } = await secureKafka(t)
  const stele = new Stele({ bootstrap: plaintext })
  t.teardown(() => stele.close())
  const { admin } = stele
  await stele.topics.create([{ name: 'orders', partitions: 2 }])
  await stele.producer().send(
    'orders',
    Array.from({ length: 10 }, (_, nth) => ({ value: Buffer.from(String(nth)), partition: nth % 2, timestamp: 1_700_000_000_000 + nth })),
  )
  const orders = (partition: number) => ({ topic: 'orders', partition })

  t.test('the cluster, its features, its quorum', async (t) => {
    const cluster = await admin.cluster.describe({ withOperations: true, withFenced: true })
    t.match(cluster, { controllerId: 1, brokers: [{ id: 1, host: '127.0.0.1', isFenced: false }] })
    t.ok(cluster.operations?.includes('alter'))
    const features = await admin.features.describe()
    t.ok((features.finalized.get('metadata.version') ?? 0) > 20)
    t.ok((features.supported.get('group.version')?.max ?? 0) >= 1)
    await admin.features.update([{ feature: 'share.version', level: 1 }])
    await rejectsWith(t, admin.features.update([{ feature: 'no.such.feature', level: 1 }]), 'INVALID_UPDATE_VERSION')
    const quorum = await admin.quorum.describe()
    t.match(quorum, { leaderId: 1, voters: [{ id: 1 }] })
    const voter = { id: 7, directoryId: 'AAAAAAAAAAAAAAAAAAAABw' }
    const listeners = [{ name: 'CONTROLLER', host: '127.0.0.1', port: 1 }]
    await rejectsWith(t, admin.quorum.addVoter({ ...voter, listeners }), 'UNSUPPORTED_VERSION')
    await rejectsWith(t, admin.quorum.removeVoter(voter), 'UNSUPPORTED_VERSION')
    await rejectsWith(t, admin.cluster.unregisterBroker(77), 'BROKER_ID_NOT_REGISTERED')
    await rejectsWith(t, admin.cluster.unregisterController(77), 'UNSUPPORTED_VERSION')
  })

  t.test('topics and partitions', async (t) => {
    const made = await admin.topics.create([
      { name: 'made', assignments: [[1], [1], [1]], configs: { 'retention.ms': '1000' } },
      { name: 'orders' },
    ])
    t.same(codesOf(made), ['NONE', 'TOPIC_ALREADY_EXISTS'].sort(), 'each for itself')
    t.same(
      codesOf(
        await admin.topics.addPartitions([
          { name: 'made', count: 5 },
          { name: 'gone', count: 5 },
        ]),
      ).sort(),
      ['NONE', 'UNKNOWN_TOPIC_OR_PARTITION'],
    )
    const [described] = await until(
      'the new partitions',
      async () => orThrow(await admin.topics.describe(['made'])),
      ([made]) => made?.partitions.length === 5,
    )
    t.match(described?.partitions[0], { leader: 1, replicas: [1], isr: [1], eligibleLeaders: [] })
    t.same(codesOf(await admin.topics.describe(['gone'])), ['UNKNOWN_TOPIC_OR_PARTITION'])
    t.same(codesOf(await admin.topics.delete(['made', 'gone'])).sort(), ['NONE', 'UNKNOWN_TOPIC_OR_PARTITION'])

    const at = ['beginning', 'end', 'max-timestamp', { time: 1_700_000_000_005 }] as const
    const found = await Promise.all(
      at.map(async (place) => orThrow(await admin.partitions.offsets([{ ...orders(1), at: place }]))[0]?.offset),
    )
    t.same(found, [0, 5, 4, 2])
    t.same(
      orThrow(
        await admin.partitions.deleteRecords([
          { ...orders(0), offset: 3 },
          { ...orders(1), offset: -1 },
        ]),
      ).map(({ beginning }) => beginning),
      [3, 5],
    )
    t.same(codesOf(await admin.partitions.deleteRecords([{ ...orders(0), offset: 99 }])), ['OFFSET_OUT_OF_RANGE'])
    const [twice] = orThrow(await admin.topics.create([{ name: 'twice' }]))
    const [byId] = await until(
      'the topic by its id',
      async () => orThrow((await admin.topics.describeById([twice?.id ?? ''])).filter(({ error }) => error?.code !== 'UNKNOWN_TOPIC_ID')),
      (found) => found.length === 1,
    )
    t.match(byId, { id: twice?.id, name: 'twice', isInternal: false, partitions: [{ index: 0, replicas: [1], isr: [1] }] })
    t.ok(byId?.operations?.includes('delete'))
    t.same(codesOf(await admin.topics.deleteById([twice?.id ?? ''])), ['NONE'])
    t.same(codesOf(await admin.topics.deleteById([twice?.id ?? ''])), ['UNKNOWN_TOPIC_ID'])
    t.same(codesOf(await admin.partitions.electLeaders('preferred', [orders(0)])), ['ELECTION_NOT_NEEDED'])
    t.same(
      codesOf(
        await admin.partitions.reassign([
          { ...orders(0), replicas: [1] },
          { ...orders(1), replicas: [9] },
        ]),
      ).sort(),
      ['INVALID_REPLICA_ASSIGNMENT', 'NONE'],
    )
    t.same(await admin.partitions.reassignments(), [])
  })

  t.test('settings of every kind of resource', async (t) => {
    const changes = [
      { type: 'topic', name: 'orders', configs: { 'cleanup.policy': { append: 'compact' } } },
      { type: 'broker', name: '', configs: { 'log.cleaner.backoff.ms': '14000' } },
      { type: 'broker', name: '1', configs: { 'log.cleaner.threads': '2' } },
      { type: 'broker-logger', name: '1', configs: { 'no.such.logger': 'WARN' } },
      { type: 'group', name: 'readers', configs: { 'consumer.session.timeout.ms': '50000' } },
      { type: 'client-metrics', name: 'watched', configs: { 'interval.ms': '60000' } },
      { type: 'topic', name: 'gone', configs: { 'retention.ms': '1' } },
    ] as const
    const altered = await admin.configs.alter(changes)
    t.same(
      altered.flatMap(({ type, error }) => (error ? [[type, error.code]] : [])),
      [
        ['topic', 'UNKNOWN_TOPIC_OR_PARTITION'],
        ['broker-logger', 'INVALID_CONFIG'],
      ],
    )
    const value = async (type: 'topic' | 'broker' | 'broker-logger' | 'group' | 'client-metrics', name: string, config: string) => {
      const [described] = orThrow(
        await admin.configs.describe([{ type, name, names: [config] }], { withSynonyms: true, withDocumentation: true }),
      )
      return described?.configs.find((one) => one.name === config)
    }
    await until(
      'the settings',
      () => value('topic', 'orders', 'cleanup.policy'),
      (found) => found?.value === 'delete,compact',
    )
    t.match(await value('broker', '', 'log.cleaner.backoff.ms'), { value: '14000', source: 'dynamic-default-broker', type: 'long' })
    await until(
      'the settings',
      () => value('broker', '1', 'log.cleaner.threads'),
      (found) => found?.value === '2' && found.synonyms.length > 1,
    )
    t.same(codesOf(await admin.configs.describe([{ type: 'broker-logger', name: '1' }])), ['NONE'])
    t.match(await value('group', 'readers', 'consumer.session.timeout.ms'), { value: '50000', source: 'group', type: 'int' })
    t.match(await value('client-metrics', 'watched', 'interval.ms'), { value: '60000' })
    t.match(await admin.configs.resources(['group', 'client-metrics']), [{ name: 'readers' }, { name: 'watched' }])
  })

  t.test('directories', async (t) => {
    const described = async () => orThrow(await admin.logDirs.describe({ partitions: [orders(0)] }))
    const dirs = await described()
    t.equal(dirs.length, 2)
    const [own] = dirs.filter(({ replicas }) => replicas.length > 0)
    const [other] = dirs.filter(({ replicas }) => replicas.length === 0)
    t.match(own, { broker: 1, replicas: [{ topic: 'orders', partition: 0, isFuture: false }] })
    t.ok((own?.totalBytes ?? 0) > 0)
    t.same(codesOf(await admin.logDirs.move([{ ...orders(0), broker: 1, path: '/nowhere' }])), ['LOG_DIR_NOT_FOUND'])
    const path = other?.path ?? ''
    t.same(codesOf(await admin.logDirs.move([{ ...orders(0), broker: 1, path }])), ['NONE'])
    const isThere = (dir: (typeof dirs)[number]) => dir.replicas.length === (dir.path === path ? 1 : 0)
    await until('the move', described, (now) => now.every((dir) => isThere(dir) && dir.replicas.every(({ isFuture }) => !isFuture)))
  })

  t.test('groups and their offsets', async (t) => {
    t.same(
      codesOf(
        await admin.groupOffsets.alter('readers', [
          { ...orders(0), offset: 4, metadata: 'four' },
          { ...orders(1), offset: 5 },
        ]),
      ),
      ['NONE', 'NONE'],
    )
    t.match(orThrow(await admin.groupOffsets.list('readers', { isStable: true })), [
      { topic: 'orders', partition: 0, offset: 4, metadata: 'four' },
      { topic: 'orders', partition: 1, offset: 5 },
    ])
    t.match(await admin.groups.list({ types: ['classic'], states: ['Empty'] }), [{ groupId: 'readers', type: 'classic', state: 'Empty' }])
    t.match(await admin.groups.describe(['readers', 'nobody']), [
      { groupId: 'readers', state: 'Empty', members: [] },
      { groupId: 'nobody', error: { code: 'GROUP_ID_NOT_FOUND' } },
    ])
    t.same(codesOf(await admin.groups.removeMembers('readers', [{ instanceId: 'none' }])), ['UNKNOWN_MEMBER_ID'])
    t.same(codesOf(await admin.groupOffsets.delete('readers', [orders(0)])), ['NONE'])
    t.same((await admin.groupOffsets.list('readers')).length, 1)
    t.same(codesOf(await admin.groups.delete(['readers', 'nobody'])), ['NONE', 'GROUP_ID_NOT_FOUND'])
  })

  t.test('groups of other kinds', async (t) => {
    await until(
      'share groups',
      () => admin.features.describe(),
      ({ finalized }) => finalized.get('share.version') === 1,
    )
    await rejectsWith(t, admin.shareGroups.describe('nobody'), 'GROUP_ID_NOT_FOUND')
    t.same(codesOf(await admin.shareGroups.alterOffsets('shared', [{ ...orders(1), offset: 5 }])), ['NONE'])
    t.match(await admin.shareGroups.offsets('shared'), [{ ...orders(1), startOffset: 5 }])
    t.match(await admin.shareGroups.describe('shared'), { groupId: 'shared', state: 'Empty', members: [] })
    t.same(codesOf(await admin.shareGroups.deleteOffsets('shared', ['orders', 'gone'])).sort(), ['NONE', 'UNKNOWN_TOPIC_OR_PARTITION'])
    await rejectsWith(t, admin.streamsGroups.describe('nobody'), 'GROUP_ID_NOT_FOUND')
  })

  t.test('transactions', async (t) => {
    const transactional = stele.transactionalProducer({ transactionalId: 'payments' })
    const transaction = await transactional.begin()
    await transaction.send('orders', { key: Buffer.from('k'), value: Buffer.from('open'), partition: 0 })
    t.match(await admin.transactions.list({ states: ['Ongoing'] }), [{ transactionalId: 'payments', state: 'Ongoing', coordinator: 1 }])
    t.match(await admin.transactions.describe(['payments', 'nobody']), [
      { transactionalId: 'payments', state: 'Ongoing', partitions: [orders(0)] },
      { transactionalId: 'nobody', error: { code: 'TRANSACTIONAL_ID_NOT_FOUND' } },
    ])
    const producing = async () => orThrow(await admin.transactions.producers([orders(0)]))[0]?.producers ?? []
    const open = (await producing()).find(({ transactionStart }) => transactionStart !== null)
    t.equal(open?.transactionStart, 5)
    if (open) await admin.transactions.abort({ ...orders(0), ...open, coordinatorEpoch: Math.max(0, open.coordinatorEpoch) })
    t.notOk(
      (await producing()).some(({ transactionStart }) => transactionStart !== null),
      'ended in the partition',
    )
    const [fenced] = orThrow(await admin.transactions.fence(['payments']))
    t.ok((fenced?.producerEpoch ?? 0) > 0)
    await t.rejects(transaction.commit(), ClientError)
  })

  t.test('who may do what', async (t) => {
    const acl = {
      resourceType: 'topic',
      resourceName: 'or',
      patternType: 'prefixed',
      principal: 'User:bob',
      operation: 'read',
      permission: 'allow',
    } as const
    t.same(codesOf(await admin.acls.create([acl, { ...acl, principal: 'bob' }])), ['NONE', 'INVALID_REQUEST'])
    const described = await until(
      'the ACL',
      () => admin.acls.describe({ resourceName: 'orders', patternType: 'match' }),
      (found) => found.length > 0,
    )
    t.same(described, [{ ...acl, host: '*' }])
    const sasl = { mechanism: 'plain', username: 'bob', password: 'bob-secret' } as const
    await using bob = new Stele({ bootstrap: saslSsl, tls: { ca: authority }, sasl })
    t.same(codesOf(await bob.admin.topics.create([{ name: 'bobs' }])), ['TOPIC_AUTHORIZATION_FAILED'])
    await rejectsWith(t, bob.admin.acls.describe(), 'CLUSTER_AUTHORIZATION_FAILED')
    t.match(await admin.acls.delete([{ principal: 'User:bob' }]), [{ deleted: [{ ...acl, host: '*' }] }])
  })

  t.test('quotas', async (t) => {
    const entity = { user: 'bob', 'client-id': null }
    const changes = [
      { entity, values: { producer_byte_rate: 1000, consumer_byte_rate: 2000 } },
      { entity: { user: 'eve' }, values: { no_such_rate: 1 } },
    ]
    t.same(codesOf(await admin.quotas.alter(changes)), ['NONE', 'INVALID_REQUEST'])
    const described = () => admin.quotas.describe({ user: { name: 'bob' }, 'client-id': 'any' })
    await until('no quota', described, (quotas) => quotas.length === 0 || quotas.length === 1)
    const defaults = await until(
      'the quota',
      () => admin.quotas.describe({ 'client-id': null }),
      (quotas) => quotas.length > 0,
    )
    t.same(defaults, [{ entity, values: { producer_byte_rate: 1000, consumer_byte_rate: 2000 } }])
    t.same(await admin.quotas.describe({ 'client-id': null }, { isStrict: true }), [])
    t.same(codesOf(await admin.quotas.alter([{ entity, values: { producer_byte_rate: null } }])), ['NONE'])
  })

  t.test('passwords for SCRAM', async (t) => {
    const user = 'frank'
    t.same(codesOf(await admin.scramCredentials.alter({ set: [{ user, mechanism: 'scram-sha-256', password: 'p', iterations: 5000 }] })), [
      'NONE',
    ])
    const described = () => admin.scramCredentials.describe([user])
    await until('the credential', described, ([found]) => found?.error === undefined)
    t.match(await described(), [{ user, credentials: [{ mechanism: 'scram-sha-256', iterations: 5000 }] }])
    t.same(codesOf(await admin.scramCredentials.alter({ remove: [{ user, mechanism: 'scram-sha-256' }] })), ['NONE'])
    await until('the end of it', described, ([found]) => found?.error?.code === 'RESOURCE_NOT_FOUND')
    t.same(codesOf(await admin.scramCredentials.alter({ remove: [{ user, mechanism: 'scram-sha-512' }] })), ['RESOURCE_NOT_FOUND'])
  })

  t.test('delegation tokens', async (t) => {
    await rejectsWith(t, admin.delegationTokens.create(), 'DELEGATION_TOKEN_REQUEST_NOT_ALLOWED')
    const sasl = { mechanism: 'plain', username: 'alice', password: 'alice-secret' } as const
    await using alice = new Stele({ bootstrap: saslSsl, tls: { ca: authority }, sasl })
    const { delegationTokens } = alice.admin
    const token = await delegationTokens.create({ renewers: ['User:bob'], lifetimeMs: 3_600_000 })
    t.match(token, { owner: 'User:alice', requester: 'User:alice' })
    const mine = await until(
      'the token',
      () => delegationTokens.describe(['User:alice']),
      (tokens) => tokens.length > 0,
    )
    t.match(mine, [{ tokenId: token.tokenId, renewers: ['User:bob'] }])
    t.ok((await delegationTokens.renew(token.hmac, 1_800_000)) > token.issuedAt)
    await delegationTokens.expire(token.hmac)
    await until(
      'the end of it',
      () => delegationTokens.describe(),
      (tokens) => tokens.length === 0,
    )
    await rejectsWith(t, delegationTokens.renew(Buffer.from('none')), 'DELEGATION_TOKEN_NOT_FOUND')
  })
})
