/** What a consumer without a group does, on whichever broker. */
import type { Test } from 'tap'
import { type ConsumedBatch, type ConsumedRecord, json, orThrow, RecordError, text } from '../../client/index.ts'
import { ConsumingStage, distant, fragile, rejectsWith, sorted, untilAll, upTo } from './consuming.ts'

/** The first so many. */
async function first<T>(count: number, from: AsyncIterable<T>): Promise<T[]> {
  const taken: T[] = []
  for await (const one of from) if (taken.push(one) === count) break
  return taken
}

export async function readingSuite(t: Test, bootstrap: string): Promise<void> {
  const stage = new ConsumingStage(t, bootstrap)
  const { stele } = stage

  await t.test('records come as they were sent, in the order of their partition', async (t) => {
    const topic = await stage.topic({ partitions: 2 })
    await stele.producer().send(topic, [
      {
        key: Buffer.from('k'),
        value: Buffer.from('a'),
        headers: [
          ['h', Buffer.from('1')],
          ['h', null],
        ],
        timestamp: 1_700_000_000_000,
        partition: 0,
      },
      { value: null, partition: 0 },
      { value: Buffer.from('c'), partition: 1 },
    ])
    await using consumer = stele.consumer({ topics: [topic], from: 'beginning', key: text, value: text })
    const records = (await first(3, consumer)).sort((a, b) => a.partition - b.partition || a.offset - b.offset)
    t.match(records, [
      {
        topic,
        partition: 0,
        offset: 0,
        key: 'k',
        value: 'a',
        timestamp: 1_700_000_000_000,
        headers: [
          ['h', Buffer.from('1')],
          ['h', null],
        ],
      },
      { topic, partition: 0, offset: 1, key: null, value: null, headers: [] },
      { topic, partition: 1, offset: 0, value: 'c' },
    ])
  })

  await t.test('reading begins at the beginning, at the end, at an offset, at a time', async (t) => {
    const topic = await stage.topic({ partitions: 1, records: 10 })
    const read = async (from: 'beginning' | { offset: number } | { time: number }) => {
      await using consumer = stele.consumer({ topics: [topic], from, value: text })
      return (await first(1, consumer)).map(({ value }) => value)
    }
    t.same(await read('beginning'), ['0'])
    t.same(await read({ offset: 4 }), ['4'])
    t.same(await read({ time: 1_700_000_000_007 }), ['7'])
    const tail = stage.member({ topics: [topic], from: 'end' })
    await tail.until(() => tail.consumer.position({ topic, partition: 0 }) === 10 || tail.events.length > 0)
    while (tail.consumer.position({ topic, partition: 0 }) === undefined) await stele.topics.describe([topic])
    await stage.send(topic, { partitions: 1, from: 10 })
    await tail.until(({ values }) => values.length > 0)
    t.same(tail.values, ['10'])
  })

  await t.test('chosen partitions begin each at its own place, and the loop ends where they are to end', async (t) => {
    const topic = await stage.topic({ partitions: 2, records: 20 })
    await using consumer = stele.consumer({
      partitions: [
        { topic, partition: 0, from: { offset: 3 }, until: 6 },
        { topic, partition: 1, from: 'beginning', until: 2 },
      ],
      value: text,
    })
    const values: string[] = []
    for await (const { value } of consumer) values.push(value ?? '')
    t.same(sorted(values), ['1', '3', '6', '8', '10'])
    await rejectsWith(t, first(1, stele.consumer({ partitions: [{ topic, partition: 9 }], patienceMs: 300 })), 'UNKNOWN_TOPIC_OR_PARTITION')
  })

  await t.test('a consumer pauses, resumes, seeks and tells where it is', async (t) => {
    const topic = await stage.topic({ partitions: 2, records: 40 })
    const [zero, one] = [0, 1].map((partition) => ({ topic, partition })) as [
      { topic: string; partition: number },
      { topic: string; partition: number },
    ]
    await using consumer = stele.consumer({ topics: [topic], from: 'beginning', value: text })
    const records = consumer.records()
    const next = async () => (await records.next()).value as ConsumedRecord<unknown, string>
    await next()
    consumer.pause([zero])
    t.same(consumer.paused(), [zero])
    const seen = new Set<number>()
    for (let n = 0; n < 15; n++) seen.add((await next()).partition)
    t.same(
      [...seen].filter((partition) => partition === 0),
      [],
      'nothing of a paused partition',
    )
    consumer.seek(one, { offset: 19 })
    t.match(await next(), { partition: 1, offset: 19 })
    t.equal(consumer.position(one), 20)
    consumer.resume()
    consumer.seek(zero, 5)
    t.match(await next(), { partition: 0, offset: 5, value: '10' })
    consumer.seek(zero, 'beginning')
    t.match(await next(), { partition: 0, offset: 0 })
    consumer.seek(zero, { time: 1_700_000_000_000 + 38 })
    t.match(await next(), { partition: 0, offset: 19 })
    t.throws(() => consumer.seek({ topic, partition: 7 }, 0), { code: 'NOT_ASSIGNED' })
  })

  await t.test('batches are what a fetch brought, decoded when looked at', async (t) => {
    const topic = await stage.topic({ partitions: 2, records: 1000 })
    let decoded = 0
    const value = { decode: (bytes: Uint8Array | null) => (decoded++, Number(text.decode(bytes))) }
    await using consumer = stele.consumer({ topics: [topic], from: 'beginning', value })
    const values: number[] = []
    for await (const batch of consumer.batches()) {
      t.equal(decoded, values.length, 'nothing is decoded before')
      t.equal(batch.highWatermark, 500)
      const firsts = [...batch].map((record) => record.value)
      t.same(
        batch.records.map((record) => record.value),
        firsts,
        'and again',
      )
      t.equal(batch.nextOffset, batch.firstOffset + firsts.length)
      values.push(...firsts)
      decoded = values.length
      if (values.length === 1000) break
    }
    t.same(
      values.sort((a, b) => a - b),
      upTo(1000).map(Number),
    )
  })

  await t.test('a record that cannot be decoded is told by its place, and a seek goes on behind it', async (t) => {
    const topic = await stage.topic({ partitions: 1 })
    await stele.producer().send(
      topic,
      ['1', '2', '{', '4'].map((value) => ({ value: Buffer.from(value) })),
    )
    const options = { topics: [topic], from: 'beginning', value: json<number>() } as const
    const read = async (
      loop: (
        consumer: ReturnType<typeof stele.consumer<Uint8Array | null, number | undefined>>,
      ) => AsyncIterable<{ value: number | undefined } | ConsumedBatch<unknown, number | undefined>>,
    ) => {
      await using consumer = stele.consumer(options)
      const values: unknown[] = []
      for (let attempt = 0; values.length < 4; attempt++) {
        try {
          for await (const one of loop(consumer)) {
            for (const { value } of 'records' in one ? one : [one]) if (!values.includes(value)) values.push(value)
            if (values.at(-1) === 4) break
          }
        } catch (error) {
          t.ok(error instanceof RecordError)
          if (!(error instanceof RecordError)) throw error
          t.match(error, { code: 'UNDECODABLE_RECORD', topic, partition: 0, offset: 2, nextOffset: 3 })
          if (attempt > 0) {
            consumer.seek(error, error.nextOffset)
            values.push('sought')
          }
        }
      }
      return values
    }
    t.same(await read((consumer) => consumer), [1, 2, 'sought', 4], 'until then it stays there')
    t.same(await read((consumer) => consumer.batches()), [1, 2, 'sought', 4])
  })

  await t.test('read committed leaves out what was aborted, and what is open', async (t) => {
    const topic = await stage.topic({ partitions: 1 })
    const producer = stele.transactionalProducer({ transactionalId: stage.name('tx') })
    for (const [value, isCommitted] of [
      ['a', true],
      ['b', false],
      ['c', true],
    ] as const) {
      await using tx = await producer.begin()
      await tx.send(topic, { value: Buffer.from(value) })
      if (isCommitted) await tx.commit()
    }
    await using open = await producer.begin()
    await open.send(topic, { value: Buffer.from('d') })
    const read = async (isolation: 'committed' | 'uncommitted', count: number) => {
      await using consumer = stele.consumer({ topics: [topic], from: 'beginning', isolation, value: text })
      return (await first(count, consumer)).map(({ value }) => value)
    }
    t.same(await read('committed', 2), ['a', 'c'])
    t.same(await read('uncommitted', 4), ['a', 'b', 'c', 'd'])
    const waiting = stage.member({ topics: [topic], isolation: 'committed' })
    await waiting.until(({ values }) => values.length === 2)
    await open.commit()
    await waiting.until(({ values }) => values.length === 3)
    t.same(waiting.values, ['a', 'c', 'd'])
    await producer.close()
  })

  await t.test('what was deleted, or never was: reading goes on where it is told to', async (t) => {
    const topic = await stage.topic({ partitions: 1, records: 10 })
    orThrow(await stele.admin.partitions.deleteRecords([{ topic, partition: 0, offset: 4 }]))
    const place = { topic, partition: 0, from: { offset: 1 } }
    const read = async (outOfRange: 'beginning' | 'fail') => {
      await using consumer = stele.consumer({ partitions: [place], outOfRange, value: text })
      return (await first(1, consumer)).map(({ value }) => value)
    }
    t.same(await read('beginning'), ['4'])
    const error = await rejectsWith(t, read('fail'), 'OFFSET_OUT_OF_RANGE')
    t.match(error, { topic, partition: 0 })
    const tail = stage.member({ partitions: [place], outOfRange: 'end' })
    while (tail.consumer.position({ topic, partition: 0 }) !== 10) await stele.topics.describe([topic])
    await stage.send(topic, { partitions: 1, from: 10 })
    await tail.until(({ values }) => values.length > 0)
    t.same(tail.values, ['10'])
  })

  await t.test('nothing more is fetched than there is room for while the application works', async (t) => {
    const topic = await stage.topic({ partitions: 2 })
    const size = 10_000
    const count = 400
    await stele.producer().send(
      topic,
      Array.from({ length: count }, (_, nth) => ({ value: Buffer.alloc(size, String(nth)), partition: nth % 2 })),
    )
    let received = 0
    const reading = stage.client(t, { metrics: { received: (_, bytes) => void (received += bytes) } })
    const maxBytes = 400_000
    await using consumer = reading.consumer({ topics: [topic], from: 'beginning', maxBytes })
    const records = consumer.records()
    await records.next()
    // Whatever was asked for has come when the broker has answered something else, later, ten times.
    for (let n = 0; n < 10; n++) await stele.topics.describe([topic])
    const least = received
    t.ok(least < maxBytes * 2, `${least} bytes came`)
    for (let n = 1; n < count; n++) await records.next()
    t.ok(received >= size * count)
  })

  await t.test('a record larger than all there is room for comes all the same', async (t) => {
    const topic = await stage.topic({ partitions: 1 })
    await stele.producer().send(topic, { value: Buffer.alloc(500_000, 1) })
    await stele.producer().send(topic, { value: Buffer.from('small') })
    await using consumer = stele.consumer({ topics: [topic], from: 'beginning', maxBytes: 1000, partitionBytes: 100 })
    t.same(
      (await first(2, consumer)).map(({ value }) => value?.length),
      [500_000, 5],
    )
  })

  await t.test('a partition that has nothing new holds no other up', async (t) => {
    const topic = await stage.topic({ partitions: 2 })
    const value = Buffer.alloc(10_000)
    await stele.producer().send(
      topic,
      Array.from({ length: 300 }, () => ({ value, partition: 0 })),
    )
    let fetches = 0
    const reading = stage.client(t, { metrics: { request: (api) => void (fetches += api === 'Fetch' ? 1 : 0) } })
    const maxWaitMs = 60_000
    await using consumer = reading.consumer({ topics: [topic], from: 'beginning', maxBytes: 200_000, partitionBytes: 50_000, maxWaitMs })
    t.equal((await first(300, consumer)).length, 300, 'though a fetch may wait for a minute where nothing comes')
    t.ok(fetches < 600, `${fetches} fetches`)
  })

  await t.test('what comes after a burst comes too, whichever partition it is for', async (t) => {
    const topic = await stage.topic({ partitions: 2 })
    // The application is now slower than the broker, now faster.
    const work = (value: string) => new Promise<void>((resolve) => setTimeout(resolve, Number(value) % 8))
    const member = stage.member({ topics: [topic], partitionBytes: 1, work }, stage.client(t, { platform: distant(4) }))
    await member.until(({ events }) => events.length === 1)
    const producer = stele.producer()
    let sent = 0
    for (let round = 0; round < 30; round++) {
      for (let nth = 0; nth < 5; nth++) await producer.send(topic, { value: Buffer.from(String(sent++)), partition: 0 })
      await member.until(({ values }) => values.length === sent)
    }
    t.same(sorted(member.values), upTo(sent))
  })

  await t.test('a signal ends the consumer, one of a loop only the loop; closing ends what waits', async (t) => {
    const topic = await stage.topic({ partitions: 1, records: 1 })
    const all = new AbortController()
    const consumer = stele.consumer({ topics: [topic], from: 'beginning', signal: all.signal, value: text })
    const loop = new AbortController()
    const records = consumer.records({ signal: loop.signal })
    t.match(await records.next(), { value: { value: '0' } })
    const waiting = records.next()
    await rejectsWith(t, consumer.records().next(), 'CONSUMER_BUSY')
    loop.abort()
    await rejectsWith(t, waiting, 'ABORTED')
    t.same(await records.next(), { done: true, value: undefined }, 'the loop is over')
    await stage.send(topic, { partitions: 1, from: 1 })
    t.match(await first(1, consumer), [{ value: '1' }], 'another goes on where it was')
    const last = consumer.records().next()
    all.abort()
    await rejectsWith(t, last, 'ABORTED')
    await rejectsWith(t, consumer.records().next(), 'ABORTED')
    const other = stele.consumer({ topics: [topic], from: 'end' })
    const idle = other.records().next()
    await other.close()
    t.same(await idle, { done: true, value: undefined })
    await other.close()
  })

  await t.test('topics by a pattern, and new ones and new partitions when they come', async (t) => {
    const prefix = stage.name('match')
    const make = (name: string) => stele.topics.create([{ name, partitions: 1 }])
    await make(`${prefix}-a`)
    await make(`other-${prefix}`)
    const member = stage.member({ topics: new RegExp(`^${prefix}-`, 'g'), metadataMs: 50 })
    await member.until(({ events }) => events.length === 1)
    await make(`${prefix}-b`)
    await stele.admin.topics.addPartitions([{ name: `${prefix}-a`, count: 2 }])
    await member.until(({ consumer }) => consumer.assignment().length === 3)
    await stage.send(`${prefix}-b`, { partitions: 1 })
    await member.until(({ values }) => values.length === 1)
    t.same(
      member.consumer
        .assignment()
        .map(({ topic, partition }) => `${topic}/${partition}`)
        .sort(),
      [`${prefix}-a/0`, `${prefix}-a/1`, `${prefix}-b/0`],
    )
  })

  await t.test('what cannot be is told at once', async (t) => {
    const gone = await rejectsWith(t, first(1, stele.consumer({ topics: ['no-such-topic'] })), 'UNKNOWN_TOPIC_OR_PARTITION')
    t.equal(gone.topic, 'no-such-topic')
    const topic = 'any'
    for (const options of [
      {},
      { topics: [] },
      { topics: [topic], partitions: [{ topic, partition: 0 }] },
      { topics: [topic], group: '' },
      { topics: [topic], from: 'committed' as const },
      { topics: [topic], instanceId: 'i' },
      { topics: [topic], maxBytes: 0 },
      { topics: [topic], group: 'g', autoCommit: { everyMs: -1 } },
    ])
      t.throws(() => stele.consumer(options), { code: 'INVALID_OPTION' })
    const consumer = stele.consumer({ topics: [topic] })
    await rejectsWith(t, consumer.commit(), 'NO_GROUP')
    await rejectsWith(t, consumer.committed(), 'NO_GROUP')
    t.throws(() => consumer.groupMetadata(), { code: 'NO_GROUP' })
  })

  await t.test('a topic that is deleted under a reader is told, once patience is at its end', async (t) => {
    const topic = await stage.topic({ partitions: 1, records: 1 })
    const member = stage.member({ topics: [topic], patienceMs: 500, maxWaitMs: 50 })
    await member.until(({ values }) => values.length === 1)
    await stele.topics.delete([topic])
    await member.over
    t.match(member.error, { topic, code: /^UNKNOWN_TOPIC/ })
  })

  await t.test('many partitions, many fetches: each record once', async (t) => {
    const topic = await stage.topic({ partitions: 50, records: 0 })
    await stage.send(topic, { partitions: 50, records: 5000 })
    const member = stage.member({ topics: [topic], partitionBytes: 300, maxBytes: 20_000 })
    await untilAll([member], () => member.values.length === 5000)
    t.same(sorted(member.values), upTo(5000))
  })

  await t.test('many partitions are named once, and what changes is heard: pauses, seeks, and who lost its connection', async (t) => {
    const partitions = 40
    const topic = await stage.topic({ partitions, records: partitions })
    let sent = 0
    const platform = fragile()
    const metrics = { sent: (_broker: string, bytes: number) => void (sent += bytes) }
    const stele = stage.client(t, { platform, metrics })
    const member = stage.member({ topics: [topic], maxWaitMs: 200 }, stele)
    await member.until(({ values }) => values.length === partitions)
    const before = sent
    const rounds = 20
    for (let nth = 0; nth < rounds; nth++) {
      await stage.send(topic, { partitions, from: partitions + nth })
      await member.until(({ values }) => values.length === partitions + nth + 1)
    }
    const each = (sent - before) / rounds
    t.ok(each < 20 * partitions, `${each} bytes for each record: less than the names of all partitions`)
    t.same(sorted(member.values), upTo(partitions + rounds))
    const { consumer } = member
    consumer.pause(Array.from({ length: 20 }, (_, partition) => ({ topic, partition })))
    await stage.send(topic, { partitions, records: partitions, from: 2 * partitions })
    await member.until(({ values }) => values.length === partitions + rounds + 20)
    t.same(sorted(member.values.slice(-20)), upTo(3 * partitions).slice(-20), 'of those that are not paused')
    consumer.seek({ topic, partition: 39 }, 0)
    await member.until(({ values }) => values.at(-1) === '119' && values.at(-2) === '39')
    t.ok(platform.cut() > 0)
    consumer.resume()
    await member.until(({ values }) => new Set(values).size === partitions + rounds + partitions)
    t.equal(member.values.length, partitions + rounds + partitions + 2, 'and nothing twice but what was sought')
  })
}
