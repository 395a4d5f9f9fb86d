/** What is lost between the client and Apache Kafka: the same stories as with a Stele. */
import * as fs from 'node:fs'
import * as path from 'node:path'
import t, { type Test } from 'tap'
import { FaultProxy } from '../support/fault-proxy.ts'
import { administration, administrationOfKafka } from '../support/faults/administration.ts'
import { connecting } from '../support/faults/connecting.ts'
import { furnish } from '../support/faults/furniture.ts'
import { playMatrix } from '../support/faults/matrix.ts'
import { membership } from '../support/faults/membership.ts'
import { producing } from '../support/faults/producing.ts'
import { reading } from '../support/faults/reading.ts'
import { transacting } from '../support/faults/transacting.ts'
import { brokerGoesAway, changesAreLost, manyAreLost, membersAreCut, sendsAreLost } from '../support/faults/stories.ts'
import { KafkaProcess } from '../support/kafka.ts'
import { full, missing } from './cache.ts'
import { temporaryDirectory } from './target.ts'

const tables = { connecting, administration, administrationOfKafka, producing, transacting, reading, membership }
const skip = full ? missing('kafka', 'java') : 'make interop runs it'

async function stage(t: Test): Promise<{ readonly proxy: FaultProxy; readonly port: number }> {
  const home = temporaryDirectory()
  const proxy = await FaultProxy.start()
  const kafka = await KafkaProcess.start(path.join(home, 'data'), {
    'advertised.listeners': `PLAINTEXT://${proxy.bootstrap}`,
    'group.initial.rebalance.delay.ms': '0',
    'group.consumer.heartbeat.interval.ms': '50',
    'group.consumer.min.heartbeat.interval.ms': '50',
  })
  const port = Number(kafka.bootstrap.split(':')[1])
  proxy.target = port
  t.teardown(async () => {
    proxy.close()
    await kafka.end('SIGKILL')
    fs.rmSync(home, { recursive: true, force: true })
  })
  return { proxy, port }
}

t.test('Apache Kafka behind a proxy that loses things', { skip, timeout: 300_000 }, async (t) => {
  const { proxy, port } = await stage(t)
  await furnish(port)
  for (const [name, operations] of Object.entries(tables)) await t.test(name, (t) => playMatrix(t, port, operations))
  await t.test('changes', (t) => changesAreLost(t, proxy))
  await t.test('records that are sent', (t) => sendsAreLost(t, proxy))
  await t.test('a third of everything', (t) => manyAreLost(t, proxy))
  await t.test('members of a classic group', (t) => membersAreCut(t, proxy, 'classic'))
  await t.test('members of a consumer group', (t) => membersAreCut(t, proxy, 'consumer'))
  await t.test('the broker goes away', (t) => brokerGoesAway(t, proxy))
})
