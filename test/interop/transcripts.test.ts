/**
 * What Kafka's command-line tools print, command by command, is what they print on Apache Kafka: transcripts/ was recorded from it.
 * To record anew: REWRITE=1 STELE_INTEROP_TARGET=kafka tap run --disable-coverage --timeout=180 test/interop/transcripts.test.ts
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import t from 'tap'
import { missing, repository } from './cache.ts'
import { recordsFile } from './peers/reading.ts'
import { Tools } from './peers/tools.ts'
import { noTarget, startTarget, temporaryDirectory } from './target.ts'
import { played } from './transcript.ts'

const skip = noTarget || missing('kafka', 'java')
const transcripts = path.join(repository, 'test', 'interop', 'transcripts')

/** One partition for each kind of coordinator, and no waiting for members that don't come; as the Apache Kafka of the suite is set. */
const settings = ['group.initial.rebalance.delay.ms=0', 'offsets.topic.num.partitions=1', 'transaction.state.log.num.partitions=1', '']

t.test('tools print what they print on Apache Kafka', { skip, timeout: 180_000 }, async (t) => {
  const home = temporaryDirectory()
  const config = path.join(home, 'broker.properties')
  fs.writeFileSync(config, settings.join('\n'))
  const target = await startTarget({ config })
  const tools = new Tools(target.bootstrap)
  t.teardown(async () => {
    await tools.close()
    await target.close()
    fs.rmSync(home, { recursive: true, force: true })
  })
  if (target.directory === undefined) return t.comment('the files of the broker are out of reach')
  const records = path.join(home, 'records')
  const values = ['one', 'two', 'three']
  fs.writeFileSync(
    records,
    recordsFile(values.map((value) => ({ timeMillis: 1.7e12, key: Buffer.from('k'), value: Buffer.from(value), headers: [] }))),
  )
  for (const name of ['admin', 'groups', 'transactions']) {
    const file = path.join(transcripts, `${name}.txt`)
    const transcript = fs.readFileSync(file, 'utf8')
    const now = await played(transcript, tools, { home, data: fs.realpathSync(target.directory), records })
    if (process.env['REWRITE'] === '1') fs.writeFileSync(file, now)
    else t.equal(now, transcript, name)
  }
})
