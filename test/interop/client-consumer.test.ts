/** The client's consumer on Apache Kafka: the suites that it passes on Stele, and Java's consumers in one group with it. */
import t from 'tap'
import { groupSettings } from '../support/consuming.ts'
import { groupSuite } from '../support/group-suite.ts'
import { KafkaProcess } from '../support/kafka.ts'
import { readingSuite } from '../support/reading-suite.ts'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { full, missing } from './cache.ts'
import { temporaryDirectory } from './target.ts'

const skip = full ? missing('kafka', 'java') : 'make interop runs it'

t.test('the consumer on Apache Kafka', { skip, timeout: 300_000 }, async (t) => {
  const home = temporaryDirectory()
  const kafka = await KafkaProcess.start(path.join(home, 'data'), groupSettings)
  t.teardown(async () => {
    await kafka.end('SIGKILL')
    fs.rmSync(home, { recursive: true, force: true })
  })
  await t.test('without a group', (t) => readingSuite(t, kafka.bootstrap))
  await t.test('in groups', (t) => groupSuite(t, kafka.bootstrap))
})
