/** What may be lost between a client and its broker, whichever that is: each story plays through a proxy, and says what must come of it. */
import type { Test } from 'tap'
import { Stele, type SteleOptions, text } from '../../../client/index.ts'
import { apiKeyOf } from '../edited-answer.ts'
import type { Fault, FaultProxy } from '../fault-proxy.ts'
import { impatient, nameOf, outcomeOf, passing, patient, silent, unhandled, valuesOf, waitingFor, wrong } from './stage.ts'

/** What cannot be done twice: it is done, or the error says that it may have been. */
export async function changesAreLost(t: Test, proxy: FaultProxy): Promise<void> {
  await using setup = new Stele({ bootstrap: proxy.bootstrap })
  for (const [nth, fault] of [...passing, ...silent, ...wrong].entries()) {
    const what = `a topic is made, ${nameOf(fault)}`
    const name = `made-${nth}`
    await using stele = new Stele({ bootstrap: proxy.bootstrap, ...waitingFor(fault) })
    proxy.once(apiKeyOf('CreateTopics'), fault)
    const made = await stele.topics.create([{ name, partitions: 1 }]).then(
      () => 'done',
      (error: unknown) => error,
    )
    const isThere = (await setup.topics.list()).some((topic) => topic.name === name)
    if (made === 'done') t.ok(isThere, what)
    else t.match(made, { name: 'ClientError', code: /^(TOPIC_ALREADY_EXISTS|REQUEST_TIMED_OUT|MALFORMED_RESPONSE)$/ }, what)
    if (passing.includes(fault)) t.ok(isThere, `${what}: it is there`)
    if (fault === 'cut after') t.match(made, { message: /an earlier attempt may have: CONNECTION_LOST/ })
    if (fault === 'cut before') t.equal(made, 'done')
  }
  t.same(unhandled, [])
}

export async function brokerGoesAway(t: Test, proxy: FaultProxy): Promise<void> {
  const options: SteleOptions = { bootstrap: proxy.bootstrap, ...impatient }
  await using stele = new Stele(options)
  await stele.topics.create([{ name: 'leaving', partitions: 1 }])
  const producer = stele.producer({ deliveryTimeoutMs: 500 })
  await producer.send('leaving', { value: Buffer.from('a') })
  const batches = stele.reader().batches('leaving', { from: 'beginning' })
  await batches.next()
  const reading = batches.next()
  proxy.refuse()
  const outcomes = await Promise.all([
    outcomeOf(t, producer.send('leaving', { value: Buffer.from('b') }), 'sending'),
    outcomeOf(t, reading, 'reading'),
    outcomeOf(t, stele.topics.list(), 'listing'),
    outcomeOf(t, stele.groups.describe('g'), 'describing'),
  ])
  for (const outcome of outcomes) t.match(outcome, /^(CONNECTION_LOST|CONNECTION_FAILED|REQUEST_TIMED_OUT|DELIVERY_TIMED_OUT)$/)
  proxy.accept()
  t.ok((await stele.topics.list()).length > 0, 'and when it is back all goes on')
  await producer.send('leaving', { value: Buffer.from('c') })
  t.same(unhandled, [])
}

export async function sendsAreLost(t: Test, proxy: FaultProxy): Promise<void> {
  await using setup = new Stele({ bootstrap: proxy.bootstrap })
  const attempts: [Fault, string, number][] = [...passing, ...silent, ...wrong].flatMap((fault): [Fault, string, number][] => [
    [fault, 'Produce', 1],
    [fault, 'Produce', 2],
    [fault, 'Metadata', 1],
    [fault, 'InitProducerId', 1],
  ])
  for (const [nth, [fault, api, count]] of attempts.entries()) {
    const what = `${nameOf(fault)} of ${api}, ${count} times`
    const topic = `sent-${nth}`
    await setup.topics.create([{ name: topic, partitions: 1 }])
    await using stele = new Stele({ bootstrap: proxy.bootstrap, ...waitingFor(fault) })
    const producer = stele.producer({ deliveryTimeoutMs: 10_000 })
    proxy.once(apiKeyOf(api), fault, count)
    const values = Array.from({ length: 10 }, (_, at) => `${at}`)
    const sent = await Promise.all(
      values.map(async (value) => [value, await outcomeOf(t, producer.send(topic, { value: Buffer.from(value) }), what)] as const),
    )
    proxy.plan = () => undefined
    t.equal(await outcomeOf(t, producer.send(topic, { value: Buffer.from('last') }), what), 'done', `${what}: the next one`)
    const there = await valuesOf(setup, topic)
    t.equal(new Set(there).size, there.length, `${what}: nothing twice`)
    const delivered = sent.filter(([, outcome]) => outcome === 'done').map(([value]) => value)
    t.same(
      delivered.filter((value) => !there.includes(value)),
      [],
      `${what}: what is delivered is there`,
    )
    if (!wrong.includes(fault)) t.equal(delivered.length, values.length, `${what}: all are delivered`)
  }
  t.same(unhandled, [])
}

export async function manyAreLost(t: Test, proxy: FaultProxy): Promise<void> {
  await using stele = new Stele({ bootstrap: proxy.bootstrap, ...patient })
  await stele.topics.create([{ name: 'many', partitions: 3 }])
  const faults: readonly Fault[] = ['cut before', 'cut after', 'cut within the answer', 'cut within the request']
  // Not at every other request: who asks for two things by turns would never get the second.
  let seed = 1
  proxy.plan = () => {
    seed = (seed * 48_271) % 0x7fff_ffff
    return seed % 3 === 0 ? faults[(seed >> 8) % faults.length] : undefined
  }
  const producer = stele.producer({ deliveryTimeoutMs: 20_000 })
  const values = Array.from({ length: 24 }, (_, nth) => `${nth}`)
  for (let at = 0; at < values.length; at += 6) {
    const part = values.slice(at, at + 6)
    await Promise.all(part.map((value, nth) => producer.send('many', { value: Buffer.from(value), partition: nth % 3 })))
  }
  proxy.plan = () => undefined
  t.same(
    (await valuesOf(stele, 'many')).sort((a, b) => Number(a) - Number(b)),
    values,
  )
  t.same(unhandled, [])
}

const memberApis = [
  'FindCoordinator',
  'JoinGroup',
  'SyncGroup',
  'OffsetFetch',
  'ListOffsets',
  'Fetch',
  'OffsetCommit',
  'Metadata',
  'Heartbeat',
  'ConsumerGroupHeartbeat',
].map(apiKeyOf)

/** A member of a group hears of each record, and what it has done is committed, over each fault in each of the requests it lives by. */
export async function membersAreCut(t: Test, proxy: FaultProxy, protocol: 'classic' | 'consumer'): Promise<void> {
  await using setup = new Stele({ bootstrap: proxy.bootstrap })
  for (const fault of passing) {
    const what = `${protocol}, ${nameOf(fault)}`
    const topic = `member-${what.replaceAll(/\W+/g, '-')}`
    await setup.topics.create([{ name: topic, partitions: 2 }])
    const records = Array.from({ length: 20 }, (_, nth) => ({ value: Buffer.from(`${nth}`), partition: nth % 2 }))
    await setup.producer().send(topic, records)
    const met = new Set<number>()
    proxy.plan = (apiKey) => {
      if (!memberApis.includes(apiKey) || met.has(apiKey)) return undefined
      met.add(apiKey)
      return fault
    }
    await using stele = new Stele({ bootstrap: proxy.bootstrap, ...patient })
    const heard = new Set<string>()
    const options = { topics: [topic], group: topic, protocol, from: 'beginning', value: text, heartbeatMs: 100, maxWaitMs: 20 } as const
    const consumer = stele.consumer(options)
    for await (const { value } of consumer) {
      heard.add(value ?? '')
      if (heard.size === records.length) break
    }
    t.equal(heard.size, records.length, `${what}: every record`)
    await consumer.close()
    proxy.plan = () => undefined
    t.ok(met.size >= 6, `${what}: in ${met.size} kinds of request`)
    const offsets = (await setup.admin.groupOffsets.list(topic)).map((one) => (one.error ? -1 : (one.offset ?? 0)))
    t.ok(offsets.reduce((sum, offset) => sum + offset, 0) >= records.length - 2, `${what}: committed but for what was in hand`)
  }
  t.same(unhandled, [])
}
