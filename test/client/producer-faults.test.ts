import t from 'tap'
import { Stele } from '../../client/index.ts'
import type { Fault } from '../support/fault-proxy.ts'
import {
  api,
  faultStage,
  nameOf,
  outcomeOf,
  passing,
  patient,
  silent,
  unhandled,
  valuesOf,
  waitingFor,
  wrong,
} from '../support/fault-stage.ts'

t.test('while records are sent, none is delivered twice, and none is said to be that is not', { timeout: 60_000 }, async (t) => {
  const proxy = await faultStage(t)
  await using setup = new Stele({ bootstrap: proxy.bootstrap })
  const attempts: [Fault, number, number][] = [...passing, ...silent, ...wrong].flatMap((fault): [Fault, number, number][] => [
    [fault, api.produce, 1],
    [fault, api.produce, 3],
    [fault, api.metadata, 1],
    [fault, api.initProducerId, 1],
  ])
  for (const [nth, [fault, apiKey, count]] of attempts.entries()) {
    const what = `${nameOf(fault)} of API ${apiKey}, ${count} times`
    const topic = `sent-${nth}`
    await setup.topics.create([{ name: topic, partitions: 1 }])
    await using stele = new Stele({ bootstrap: proxy.bootstrap, ...waitingFor(fault) })
    const producer = stele.producer({ deliveryTimeoutMs: 10_000 })
    proxy.once(apiKey, fault, count)
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
})

t.test('a third of all requests or answers is lost, and every record is there once', { timeout: 60_000 }, async (t) => {
  const proxy = await faultStage(t)
  await using stele = new Stele({ bootstrap: proxy.bootstrap, ...patient })
  await stele.topics.create([{ name: 't', partitions: 3 }])
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
    await Promise.all(part.map((value, nth) => producer.send('t', { value: Buffer.from(value), partition: nth % 3 })))
  }
  proxy.plan = () => undefined
  t.same(
    (await valuesOf(stele, 't')).sort((a, b) => Number(a) - Number(b)),
    values,
  )
  t.same(unhandled, [])
})
