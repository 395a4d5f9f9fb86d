/** The codes that test/broker/api/bad-input expects are those of Apache Kafka: the same requests, put to it. */
import * as fs from 'node:fs'
import * as path from 'node:path'
import t from 'tap'
import { administrationCases } from '../broker/api/bad-input/administration.ts'
import { consumerGroupCases } from '../broker/api/bad-input/consumer-groups.ts'
import { fetchCases } from '../broker/api/bad-input/fetch.ts'
import { groupCases } from '../broker/api/bad-input/groups.ts'
import { produceCases } from '../broker/api/bad-input/produce.ts'
import { queryCases } from '../broker/api/bad-input/queries.ts'
import { transactionalOffsetCases } from '../broker/api/bad-input/transactional-offsets.ts'
import { transactionCases } from '../broker/api/bad-input/transactions.ts'
import { World } from '../broker/api/bad-input/world.ts'
import { KafkaProcess } from '../support/kafka.ts'
import { full, missing } from './cache.ts'
import { temporaryDirectory } from './target.ts'

const skip = full ? missing('kafka', 'java') : 'make interop runs it'

t.test('Apache Kafka refuses bad requests with the same codes', { skip, timeout: 120_000 }, async (t) => {
  const home = temporaryDirectory()
  const kafka = await KafkaProcess.start(path.join(home, 'data'), { 'auto.create.topics.enable': 'false' })
  const world = await World.open(Number(kafka.bootstrap.split(':')[1]))
  t.teardown(async () => {
    world.close()
    await kafka.end('SIGTERM')
    fs.rmSync(home, { recursive: true, force: true })
  })
  for (const { name, ask, configs, answer, kafka: theirs = answer } of [
    ...produceCases,
    ...fetchCases,
    ...groupCases,
    ...consumerGroupCases,
    ...queryCases,
    ...administrationCases,
    ...transactionCases,
    ...transactionalOffsetCases,
  ]) {
    if (theirs !== null) t.same(await ask(world, await world.topic(configs)), theirs, name)
  }
})
