/**
 * Durable commits a second, without a network: writers that append one record of 1 KiB each and wait until it is on the device.
 * `node bench/micro/commit.ts [directory] [seconds]`: one partition and many, by a sync of each segment and by the commit journal.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LogDirectory } from '../../broker/log/log-directory.ts'
import type { PartitionLog } from '../../broker/log/partition-log.ts'
import { silentLogger } from '../../broker/metrics/logger.ts'
import { nodePlatform } from '../../broker/platform/node/platform.ts'
import { testBatch } from '../../test/support/batches.ts'
import { defaultLogConfig } from '../../test/support/log-config.ts'

const parent = process.argv[2] ?? tmpdir()
const seconds = Number(process.argv[3] ?? 1)
const record = testBatch({ valueBytes: 1024 })
const never = Number.MAX_SAFE_INTEGER

for (const [writers, partitions] of [
  [1, 1],
  [32, 1],
  [256, 1],
  [256, 4],
  [256, 16],
  [256, 100],
] as const) {
  const direct = await run(writers, partitions, never)
  const journaled = await run(writers, partitions, 1)
  console.log(`${writers} writers, ${partitions} partitions: ${direct} by segment, ${journaled} by journal (commits/s, p50 and p99 ms)`)
}
process.exit(0)

async function run(writers: number, partitions: number, journaledLogsMin: number): Promise<string> {
  const path = mkdtempSync(join(parent, 'stele-commit-'))
  const directory = LogDirectory.open({
    platform: nodePlatform,
    path,
    nodeId: 1,
    settings: { journaledLogsMin },
    logger: silentLogger,
    onWritten() {},
    onOffline(_log, error) {
      throw error
    },
  })
  const logs = Array.from({ length: partitions }, (_, partition) =>
    directory.openLog({ topic: 't', partition, topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', config: defaultLogConfig }),
  )
  // Files and names are made, and the journal is extended, before the clock runs.
  await Promise.all(logs.map((log) => commit(directory, log)))
  await new Promise((resolve) => setTimeout(resolve, 500))
  const latencies: number[] = []
  const end = performance.now() + seconds * 1000
  const write = async (writer: number): Promise<void> => {
    const log = logs[writer % partitions] as PartitionLog
    for (let began = performance.now(); began < end; began = performance.now()) {
      await commit(directory, log)
      latencies.push(performance.now() - began)
    }
  }
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)))
  await directory.close()
  rmSync(path, { recursive: true })
  latencies.sort((a, b) => a - b)
  const at = (share: number) => (latencies[Math.floor(latencies.length * share)] as number).toFixed(2)
  return `${Math.round(latencies.length / seconds)}/s (${at(0.5)}, ${at(0.99)})`
}

function commit(directory: LogDirectory, log: PartitionLog): Promise<void> {
  record.writeBigInt64BE(0n, 0)
  log.append(record, { leaderEpoch: 0, now: 0, retain: false, origin: 'client' })
  return new Promise((resolve, reject) => {
    directory.afterWrite(() => log.durable(log.writtenEnd, (error) => (error ? reject(error) : resolve())))
  })
}
