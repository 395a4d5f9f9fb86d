/** What members of a group do, of either protocol, on whichever broker. */
import type { Test } from 'tap'
import { orThrow, type TopicPartition, text } from '../../client/index.ts'
import {
  ConsumingStage,
  distant,
  fragile,
  type Member,
  type MemberOptions,
  rejectsWith,
  slowToJoin,
  sorted,
  untilAll,
  upTo,
} from './consuming.ts'

/** The ways of dividing, by what a test calls them. */
const ways: readonly (MemberOptions & { readonly name: string; readonly isCooperative: boolean })[] = [
  { name: 'range', isCooperative: false, assignors: ['range'] },
  { name: 'round robin', isCooperative: false, assignors: ['roundrobin'] },
  { name: 'sticky', isCooperative: false, assignors: ['sticky'] },
  { name: 'cooperative-sticky', isCooperative: true, assignors: ['cooperative-sticky'] },
  { name: 'the consumer protocol', isCooperative: true, protocol: 'consumer' },
]

const protocols: readonly MemberOptions[] = [{ protocol: 'classic' }, { protocol: 'consumer' }]

/** Each partition is somebody's, and nobody has two more than another. */
function isShared(members: readonly Member[], partitions: number): boolean {
  const held = members.flatMap((member) => member.partitions)
  const counts = members.map((member) => member.partitions.length)
  return held.length === partitions && new Set(held).size === partitions && Math.max(...counts) - Math.min(...counts) <= 1
}

const valuesOf = (...members: Member[]) => members.flatMap(({ values }) => values)

export async function groupSuite(t: Test, bootstrap: string): Promise<void> {
  const stage = new ConsumingStage(t, bootstrap)
  const { stele } = stage

  for (const { name, isCooperative, ...way } of ways) {
    await t.test(`members share by ${name}, come and go, and each record is read once`, async (t) => {
      const topic = await stage.topic({ partitions: 6, records: 600 })
      const shared = { ...way, topics: [topic], group: stage.name('group') }
      const first = stage.member(shared)
      await first.until(({ values }) => values.length === 600)
      t.same(first.partitions, [0, 1, 2, 3, 4, 5])
      const second = stage.member(shared)
      await untilAll([first, second], () => isShared([first, second], 6))
      const third = stage.member(shared)
      await untilAll([first, second, third], () => isShared([first, second, third], 6))
      await stage.send(topic, { partitions: 6, records: 600, from: 600 })
      await untilAll([first, second, third], () => valuesOf(first, second, third).length === 1200)
      await second.consumer.close()
      await untilAll([first, third], () => isShared([first, third], 6))
      await stage.send(topic, { partitions: 6, records: 600, from: 1200 })
      await untilAll([first, third], () => valuesOf(first, second, third).length === 1800)
      t.same(sorted(valuesOf(first, second, third)), upTo(1800), 'once, over every change')
      const kept = first.events.filter((event) => event.startsWith('revoked')).every((event) => event.split(' ').length <= 4)
      t.equal(kept, isCooperative, isCooperative ? 'who is to keep what it has is not asked to give it up' : 'all is given up')
      t.same(
        first.events.filter((event) => event.startsWith('lost')),
        [],
      )
    })
  }

  for (const protocol of protocols) {
    const named = `(${protocol.protocol})`

    await t.test(`what is done is committed, and what is in hand is not, unless it is asked for ${named}`, async (t) => {
      const topic = await stage.topic({ partitions: 1, records: 100 })
      const shared = { ...protocol, topics: [topic], group: stage.name('group'), from: 'beginning', value: text } as const
      const read = async (count: number, { commit = false } = {}) => {
        await using consumer = stele.consumer(shared)
        const values: (string | null)[] = []
        for await (const { value } of consumer) {
          values.push(value)
          if (values.length < count) continue
          if (commit) await consumer.commit()
          break
        }
        return values
      }
      t.same(await read(10), upTo(10))
      t.same(await read(10), upTo(19).slice(9), 'the loop was left with the tenth in hand')
      t.same(await read(5, { commit: true }), upTo(23).slice(18))
      t.same(await read(1), ['23'], 'a commit has what is in hand too')
    })

    await t.test(`offsets are committed by hand, with what stands beside them, and batches one by one ${named}`, async (t) => {
      const topic = await stage.topic({ partitions: 2, records: 100 })
      const shared = { ...protocol, topics: [topic], group: stage.name('group'), from: 'beginning', autoCommit: false } as const
      await using consumer = stele.consumer(shared)
      const batches = consumer.batches()
      const { value: batch } = await batches.next()
      if (!batch) throw new Error('a batch was there')
      t.same(await consumer.committed(), [])
      await batch.commit()
      t.match(await consumer.committed(), [{ topic, partition: batch.partition, offset: batch.nextOffset }])
      await consumer.commit([{ topic, partition: 1, offset: 7, metadata: 'seven' }])
      t.match(await consumer.committed([{ topic, partition: 1 }]), [{ offset: 7, metadata: 'seven' }])
      t.match(consumer.groupMetadata(), { groupId: shared.group, groupInstanceId: null })
      t.ok(consumer.groupMetadata().memberId)
      await consumer.close()
      await using next = stele.consumer({ ...shared, from: 'committed' })
      await next.records().next()
      t.same(next.assignment().length, 2)
      await next.close()
      const none = stele.consumer({ ...shared, group: stage.name('group'), from: 'committed' })
      await rejectsWith(t, none.records().next(), 'NO_COMMITTED_OFFSET')
    })

    await t.test(`what is committed by itself never goes back behind what the application commits ${named}`, async (t) => {
      const topic = await stage.topic({ partitions: 1, records: 30 })
      const far = stage.client(t, { platform: distant(5) })
      const group = stage.name('group')
      await using consumer = far.consumer({ ...protocol, topics: [topic], group, from: 'beginning', autoCommit: { everyMs: 1 } })
      const committed: number[] = []
      for await (const { offset } of consumer) {
        if (offset % 3 !== 2) continue
        await consumer.commit()
        const [now] = await consumer.committed()
        committed.push(offset + 1 - (now?.offset ?? 0))
        if (offset === 29) break
      }
      t.same(new Set(committed), new Set([0]), 'it is where the application was')
    })

    await t.test(`before partitions are given up the application may commit ${named}`, async (t) => {
      const topic = await stage.topic({ partitions: 2, records: 100 })
      const group = stage.name('group')
      const committed: Promise<void>[] = []
      const options = { ...protocol, topics: [topic], group, autoCommit: false }
      const first: Member = stage.member({
        ...options,
        onRevoked: async () => {
          const done = first.consumer.commit()
          committed.push(done)
          await done
        },
      })
      await first.until(({ values }) => values.length === 100)
      const second = stage.member(options)
      await untilAll([first, second], () => isShared([first, second], 2))
      t.ok(committed.length > 0)
      await Promise.all(committed)
      await stage.send(topic, { partitions: 2, records: 10, from: 100 })
      await untilAll([first, second], () => valuesOf(first, second).length >= 110)
      t.same(sorted(valuesOf(first, second)), upTo(110))
    })

    await t.test(`offsets go with a transaction, as this member ${named}`, async (t) => {
      const topic = await stage.topic({ partitions: 1, records: 10 })
      const group = stage.name('group')
      await using consumer = stele.consumer({ ...protocol, topics: [topic], group, from: 'beginning', autoCommit: false })
      await consumer.records().next()
      const producer = stele.transactionalProducer({ transactionalId: stage.name('tx') })
      await using tx = await producer.begin()
      await tx.sendOffsets(consumer.groupMetadata(), [{ topic, partition: 0, offset: 1 }])
      await tx.commit()
      t.match(await consumer.committed(), [{ topic, partition: 0, offset: 1 }])
      await using late = await producer.begin()
      const { groupMetadata } = { groupMetadata: consumer.groupMetadata() }
      await consumer.close()
      await t.rejects(late.sendOffsets(groupMetadata, [{ topic, partition: 0, offset: 2 }]), 'not as one that has left')
      await late.abort()
      await producer.close()
    })

    await t.test(`an application that takes too long is out, hears that it lost all, and comes back ${named}`, async (t) => {
      const topic = await stage.topic({ partitions: 1, records: 3 })
      const group = stage.name('group')
      const { promise: other, resolve: hasOther } = Promise.withResolvers<void>()
      const { promise: commit, resolve: hasCommitted } = Promise.withResolvers<unknown>()
      const slow: Member = stage.member({
        ...protocol,
        topics: [topic],
        group,
        maxPollIntervalMs: 600,
        work: async (value) => {
          if (value !== '1' || slow.events.length > 1) return
          await other
          await slow.consumer.commit().then(hasCommitted, hasCommitted)
        },
      })
      await slow.until(({ values }) => values.includes('1'))
      const quick = stage.member({ ...protocol, topics: [topic], group, maxPollIntervalMs: 5000 })
      await quick.until(({ partitions }) => partitions.length === 1)
      hasOther()
      t.match(await commit, { code: /^(UNKNOWN_MEMBER_ID|ILLEGAL_GENERATION|FENCED_MEMBER_EPOCH|STALE_MEMBER_EPOCH)$/ })
      await slow.until(({ events }) => events.includes('lost 0'))
      await quick.consumer.close()
      await slow.until(({ partitions }) => partitions.length === 1)
      await stage.send(topic, { partitions: 1, from: 3 })
      await slow.until(({ values }) => values.includes('3'))
    })

    await t.test(`a static member keeps its partitions while it is away, and only one lives by its name ${named}`, async (t) => {
      const topic = await stage.topic({ partitions: 2 })
      const shared = { ...protocol, topics: [topic], group: stage.name('group') }
      const one = stage.member({ ...shared, instanceId: 'one' })
      await one.until(({ partitions }) => partitions.length === 2)
      const two = stage.member({ ...shared, instanceId: 'two' })
      await untilAll([one, two], () => isShared([one, two], 2))
      const had = two.partitions
      const changes = one.events.length
      await two.consumer.close()
      const again = stage.member({ ...shared, instanceId: 'two' })
      await again.until(({ partitions }) => partitions.length === 1)
      t.same(again.partitions, had)
      t.equal(one.events.length, changes, 'the other one did not notice')
      const impostor = stage.member({ ...shared, instanceId: 'two', patienceMs: 300 })
      await Promise.race([impostor.over, again.over])
      const fenced = impostor.isOver ? impostor : again
      t.match(fenced.error, { code: /^(FENCED_INSTANCE_ID|UNRELEASED_INSTANCE_ID)$/, message: /instance id/ })
    })

    await t.test(`topics by a pattern, also those that come later; and topics that do not exist yet ${named}`, async (t) => {
      const prefix = stage.name('match')
      await stele.topics.create([{ name: `${prefix}-a`, partitions: 1 }])
      const member = stage.member({ ...protocol, topics: new RegExp(`^${prefix}-[AB]$`, 'i'), group: stage.name('group'), metadataMs: 50 })
      await member.until(({ partitions }) => partitions.length === 1)
      const early = stage.member({ ...protocol, topics: [`${prefix}-b`], group: stage.name('group'), metadataMs: 50 })
      await stele.topics.create([
        { name: `${prefix}-b`, partitions: 1 },
        { name: `${prefix}-c`, partitions: 1 },
      ])
      await stage.send(`${prefix}-b`, { partitions: 1 })
      await member.until(({ values }) => values.length === 1)
      await early.until(({ values }) => values.length === 1)
      t.same(
        member.consumer
          .assignment()
          .map(({ topic }) => topic)
          .sort(),
        [`${prefix}-a`, `${prefix}-b`],
      )
    })

    await t.test(`more partitions are shared too ${named}`, async (t) => {
      const topic = await stage.topic({ partitions: 1 })
      const shared = { ...protocol, topics: [topic], group: stage.name('group'), metadataMs: 50 }
      const members = [stage.member(shared), stage.member(shared)]
      await untilAll(members, () => members.flatMap(({ partitions }) => partitions).length === 1)
      await stele.admin.topics.addPartitions([{ name: topic, count: 4 }])
      await untilAll(members, () => isShared(members, 4))
      await stage.send(topic, { partitions: 4, records: 8 })
      await untilAll(members, () => valuesOf(...members).length === 8)
      t.same(sorted(valuesOf(...members)), upTo(8))
    })

    await t.test(`connections that break now and then lose nothing and repeat nothing that was committed ${named}`, async (t) => {
      const topic = await stage.topic({ partitions: 4, records: 2000 })
      const platform = fragile()
      const breaking = stage.client(t, { platform })
      let cuts = 0
      const shared: MemberOptions = {
        ...protocol,
        topics: [topic],
        group: stage.name('group'),
        partitionBytes: 1000,
        autoCommit: { everyMs: 10 },
        work: (value) => {
          if (Number(value) % 400 === 399) cuts += platform.cut()
        },
      }
      const members = [stage.member(shared, breaking), stage.member(shared, breaking)]
      await untilAll(members, () => new Set(valuesOf(...members)).size === 2000)
      t.ok(cuts > 0)
      for (const member of members) await member.consumer.close()
      const rest = stage.member({ ...shared, work: () => {} })
      await stage.send(topic, { records: 1, from: 2000 })
      await rest.until(({ values }) => values.includes('2000'))
      t.same(rest.values, ['2000'], 'all was committed')
    })

    await t.test(`closing gives all up, commits, and leaves the group at once ${named}`, async (t) => {
      const topic = await stage.topic({ partitions: 1, records: 10 })
      const group = stage.name('group')
      const member = stage.member({ ...protocol, topics: [topic], group })
      await member.until(({ values }) => values.length === 10)
      await member.consumer.close()
      await member.over
      t.same(member.events, ['assigned 0', 'revoked 0'])
      const { members, offsets } = await stele.groups.describe(group)
      t.same(members, [])
      t.match(offsets, [{ topic, committed: 10 }])
    })

    await t.test(`a group that one may not be in is told ${named}`, async (t) => {
      const topic = await stage.topic({ partitions: 1 })
      const group = stage.name('group')
      const taken = stage.member({ ...protocol, topics: [topic], group, ...(protocol.protocol === 'classic' && { assignors: ['range'] }) })
      await taken.until(({ partitions }) => partitions.length === 1)
      if (protocol.protocol === 'classic') {
        const other = stele.consumer({ topics: [topic], group, assignors: ['sticky'] })
        await rejectsWith(t, other.records().next(), 'INCONSISTENT_GROUP_PROTOCOL')
        const short = stele.consumer({ topics: [topic], group, sessionTimeoutMs: 10, assignors: ['range'] })
        await rejectsWith(t, short.records().next(), 'INVALID_SESSION_TIMEOUT')
      } else {
        const other = stele.consumer({ topics: [topic], group, protocol: 'consumer', serverAssignor: 'none-such' })
        await rejectsWith(t, other.records().next(), 'UNSUPPORTED_ASSIGNOR')
        const pattern = stele.consumer({ topics: /(?=x)/, group: stage.name('group'), protocol: 'consumer' })
        await rejectsWith(t, pattern.records().next(), 'INVALID_REGULAR_EXPRESSION')
      }
    })
  }

  await t.test('a chosen partition of a group is read and committed without being a member', async (t) => {
    const topic = await stage.topic({ partitions: 2, records: 20 })
    const group = stage.name('group')
    const read = async (): Promise<string | null> => {
      await using consumer = stele.consumer({ partitions: [{ topic, partition: 1 }], group, from: 'beginning', value: text })
      const { value: record } = await consumer.records().next()
      await consumer.commit()
      return record?.value ?? null
    }
    t.same([await read(), await read(), await read()], ['1', '3', '5'])
  })

  await t.test('who commits while the group is a generation ahead of it is told once it has caught up', async (t) => {
    const topic = await stage.topic({ partitions: 4 })
    const shared: MemberOptions = { topics: [topic], group: stage.name('group'), assignors: ['cooperative-sticky'] }
    const leader = stage.member(shared)
    await leader.until(({ partitions }) => partitions.length === 4)
    const work = async (_: string, { consumer }: Member) => consumer.commit()
    const slow = stage.member({ ...shared, work }, stage.client(t, { platform: slowToJoin(200) }))
    await untilAll([leader, slow], () => isShared([leader, slow], 4))
    const members = [leader, slow, stage.member(shared)]
    let sent = 0
    while (!isShared(members, 4)) {
      await stage.send(topic, { records: 4, from: sent })
      sent += 4
    }
    await untilAll(members, () => valuesOf(...members).length >= sent)
    t.same(sorted(valuesOf(...members)), upTo(sent))
    t.same([slow.error, slow.events.filter((event) => event.startsWith('lost'))], [undefined, []])
  })

  await t.test('members of both protocols share a group', async (t) => {
    const topic = await stage.topic({ partitions: 6, records: 60 })
    const group = stage.name('group')
    const classic = stage.member({ topics: [topic], group, assignors: ['range', 'cooperative-sticky'] })
    await classic.until(({ values }) => values.length === 60)
    const modern = stage.member({ topics: [topic], group, protocol: 'consumer' })
    const members = [classic, modern]
    await untilAll(members, () => isShared(members, 6))
    const cooperative = stage.member({ topics: [topic], group, assignors: ['cooperative-sticky'] })
    members.push(cooperative)
    await untilAll(members, () => isShared(members, 6))
    await stage.send(topic, { partitions: 6, records: 60, from: 60 })
    await untilAll(members, () => valuesOf(...members).length === 120)
    await modern.consumer.close()
    await untilAll([classic, cooperative], () => isShared([classic, cooperative], 6))
    await stage.send(topic, { partitions: 6, records: 60, from: 120 })
    await untilAll([classic, cooperative], () => valuesOf(...members).length === 180)
    t.same(sorted(valuesOf(...members)), upTo(180))
  })

  await t.test('a member that an operator removes joins anew', async (t) => {
    const topic = await stage.topic({ partitions: 1, records: 1 })
    const group = stage.name('group')
    const member = stage.member({ topics: [topic], group, autoCommit: false })
    await member.until(({ values }) => values.length === 1)
    const { memberId } = member.consumer.groupMetadata()
    orThrow(await stele.admin.groups.removeMembers(group, [{ memberId }]))
    await member.until(({ events }) => events.length === 3)
    t.same(member.events, ['assigned 0', 'lost 0', 'assigned 0'])
    t.not(member.consumer.groupMetadata().memberId, memberId)
    await member.until(({ values }) => values.length === 2)
    t.same(member.values, ['0', '0'], 'what was not committed comes again')
  })

  await t.test('an application that throws in its callbacks hears of it', async (t) => {
    const topic = await stage.topic({ partitions: 1 })
    const assigned: TopicPartition[] = []
    const consumer = stele.consumer({
      topics: [topic],
      group: stage.name('group'),
      onAssigned: (partitions) => {
        assigned.push(...partitions)
        throw new Error('not these')
      },
    })
    await t.rejects(consumer.records().next(), { message: 'not these' })
    t.same(assigned, [{ topic, partition: 0 }])
  })
}
