import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import t from 'tap'
import { LogDirectory } from '../../../broker/log/log-directory.ts'
import type { PartitionLog } from '../../../broker/log/partition-log.ts'
import { silentLogger } from '../../../broker/metrics/logger.ts'
import { nodePlatform } from '../../../broker/platform/node/platform.ts'
import type { Platform } from '../../../broker/platform/platform.ts'
import { testBatch } from '../../support/batches.ts'
import { FaultyDisk } from '../../support/faulty-disk.ts'
import { defaultLogConfig } from '../../support/log-config.ts'

const topicId = 'Zc2Yt0cYQ5yq8kK3m1b2Xg'
const partitions = 8

function open(directory: string, platform: Platform = nodePlatform) {
  const options = { platform, path: directory, nodeId: 1, logger: silentLogger, onWritten() {}, onOffline() {} }
  const logs = LogDirectory.open({ ...options, settings: { commitJournalBytes: 64 * 1024, journaledLogsMin: 4 } })
  const opened = Array.from({ length: partitions }, (_, partition) =>
    logs.openLog({ topic: 't', partition, topicId, config: defaultLogConfig }),
  )
  return { logs, opened }
}

/** One batch into each, all durable when it resolves. */
async function appendToAll(opened: readonly PartitionLog[], round: number): Promise<void> {
  const durable = opened.map(
    (log) =>
      new Promise<void>((resolve, reject) => {
        const bytes = testBatch({ count: 1, values: [`round ${String(round).padStart(4)}`], timestamp: Date.now() })
        const result = log.append(bytes, { leaderEpoch: 0, now: Date.now(), retain: false, origin: 'client' })
        if ('error' in result) return reject(new Error(result.message))
        log.durable(log.endOffset, (error) => (error ? reject(error) : resolve()))
      }),
  )
  await Promise.all(durable)
}

const logFile = (directory: string, partition: number) => path.join(directory, `t-${partition}`, `${'0'.repeat(20)}.log`)

t.test('what was durable in the journal alone is back in the logs after a crash that lost their newest bytes', async (t) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'stele-restore-'))
  const crashed = `${directory}-crashed`
  t.teardown(() => [directory, crashed].forEach((each) => fs.rmSync(each, { recursive: true, force: true })))
  const { logs, opened } = open(directory)
  let rounds = 0
  const journaled = () => opened.every((log) => log.durableEnd > log.recoveryPoint)
  while (!journaled() && rounds < 500) await appendToAll(opened, rounds++)
  t.ok(journaled(), 'rounds of many logs go through the journal')
  const synced = opened.map((log) => log.recoveryPoint)
  for (let more = 0; more < 5; more++) await appendToAll(opened, rounds++)
  fs.cpSync(directory, crashed, { recursive: true })
  fs.rmSync(path.join(crashed, '.lock'))
  await logs.close()
  t.notOk(
    fs.readdirSync(directory).some((name) => name.includes('journal')),
    'a clean stop leaves plain Kafka files',
  )

  const batchBytes = fs.statSync(logFile(crashed, 0)).size / rounds
  for (const [partition, offset] of synced.entries()) fs.truncateSync(logFile(crashed, partition), offset * batchBytes)
  const restarted = open(crashed)
  t.same(
    restarted.opened.map((log) => log.endOffset),
    opened.map(() => rounds),
    'every durable record is there',
  )
  await restarted.logs.close()
})

t.test('what the journal repeats of a log that cannot be synced stays in it, however much is written after', async (t) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'stele-restore-'))
  const crashed = `${directory}-crashed`
  t.teardown(() => [directory, crashed].forEach((each) => fs.rmSync(each, { recursive: true, force: true })))
  const disk = new FaultyDisk()
  const { logs, opened } = open(directory, disk.platform)
  const [failing, ...others] = opened as [PartitionLog, ...PartitionLog[]]
  let rounds = 0
  while (failing.durableEnd === failing.recoveryPoint && rounds < 500) await appendToAll(opened, rounds++)
  const synced = failing.recoveryPoint
  const promised = failing.durableEnd
  t.ok(promised > synced, 'some of it is durable in the journal alone')

  disk.fault = (operation, file) => (operation === 'sync' && file === logFile(directory, failing.partition) ? 'EIO' : undefined)
  for (let more = 0; more < 1000; more++) await appendToAll(others, more)
  t.ok(failing.offline)
  fs.cpSync(directory, crashed, { recursive: true })
  fs.rmSync(path.join(crashed, '.lock'))
  await logs.close()

  const batchBytes = fs.statSync(logFile(crashed, failing.partition)).size / promised
  fs.truncateSync(logFile(crashed, failing.partition), synced * batchBytes)
  const restarted = open(crashed)
  t.equal(restarted.opened[failing.partition]?.endOffset, promised)
  await restarted.logs.close()
})
