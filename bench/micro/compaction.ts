/**
 * Compaction of Debian's package index replayed 20 times: how fast, with how much memory, and what it does to the event loop meanwhile.
 * Ends with 1 where anything but the newest record of each key is left. `node bench/micro/compaction.ts [MiB in all: 1024] [codec: none]
 * [directory to keep for other brokers]`.
 */
import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { defaultCleanerSettings } from '../../broker/log/compaction/cleaner-settings.ts'
import { LogDirectory } from '../../broker/log/log-directory.ts'
import type { PartitionLog } from '../../broker/log/partition-log.ts'
import { silentLogger } from '../../broker/metrics/logger.ts'
import { nodePlatform } from '../../broker/platform/node/platform.ts'
import { buildBatch } from '../../client/records/builder.ts'
import type { CodecName } from '../../client/records/compression/codec.ts'
import { readRecords } from '../../client/records/record.ts'
import { aptRecords } from '../../test/support/apt-records.ts'
import { defaultLogConfig } from '../../test/support/log-config.ts'

const mebibyte = 1024 * 1024
const totalMebibytes = Number(process.argv[2] ?? 1024)
const codec = (process.argv[3] ?? 'none') as CodecName
const kept = process.argv[4]
const rounds = 20
const batchBytes = 16 * 1024
const config = { ...defaultLogConfig, compact: true, delete: false, segmentBytes: 64 * mebibyte, fileDeleteDelayMillis: 0 }

/** As many packages as make the total, each key once: what one replay writes. */
function packages(): { key: Buffer; value: Buffer }[] {
  const chosen = new Map<string, { key: Buffer; value: Buffer }>()
  let bytes = 0
  for (const { key, value } of aptRecords(Number.MAX_SAFE_INTEGER, { headers: false })) {
    if (bytes >= (totalMebibytes * mebibyte) / rounds) break
    chosen.set(String(key), { key, value })
    bytes += key.length + value.length
  }
  // Where the index is smaller than that, it is written under more names.
  for (let copy = 1, found = [...chosen.values()]; bytes < (totalMebibytes * mebibyte) / rounds; copy++) {
    for (const { key, value } of found) {
      if (bytes >= (totalMebibytes * mebibyte) / rounds) break
      chosen.set(`${String(key)}#${copy}`, { key: Buffer.from(`${String(key)}#${copy}`), value })
      bytes += key.length + value.length
    }
  }
  return [...chosen.values()]
}

async function fill(directory: LogDirectory, log: PartitionLog): Promise<number> {
  const records = packages()
  let timestamp = 1_700_000_000_000
  for (let round = 0; round < rounds; round++) {
    let batch: { timestamp: number; key: Buffer; value: Buffer }[] = []
    let bytes = 0
    const send = async () => {
      log.append(buildBatch({ records: batch, codec }), { leaderEpoch: 0, now: timestamp, retain: false, origin: 'client' })
      batch = []
      bytes = 0
      await new Promise<void>((resolve) => directory.afterWrite(resolve))
    }
    for (const { key, value } of records) {
      batch.push({ timestamp: timestamp++, key, value })
      bytes += key.length + value.length
      if (bytes >= batchBytes) await send()
    }
    if (batch.length > 0) await send()
  }
  // What was written last is sealed, as only that is compacted.
  log.configure({ ...config, segmentBytes: 1024 })
  log.append(buildBatch({ records: [{ timestamp, key: Buffer.from('the end'), value: Buffer.alloc(0) }] }), {
    leaderEpoch: 0,
    now: timestamp,
    retain: false,
    origin: 'client',
  })
  log.configure(config)
  await new Promise<void>((resolve) => log.durable(log.endOffset, () => resolve()))
  return records.length
}

/** The largest of what is looked at while `done` is awaited. */
async function watched(done: () => boolean): Promise<{ residentBytes: number; lagMillis: number }> {
  let residentBytes = 0
  let lagMillis = 0
  for (let due = performance.now() + 10; !done(); due = performance.now() + 10) {
    await new Promise((resolve) => setTimeout(resolve, 10))
    lagMillis = Math.max(lagMillis, performance.now() - due)
    residentBytes = Math.max(residentBytes, process.memoryUsage.rss())
  }
  return { residentBytes, lagMillis }
}

async function isNewestOfEach(log: PartitionLog, keys: number): Promise<boolean> {
  const seen = new Set<string>()
  const first = log.endOffset - 1 - keys
  for (let at = log.startOffset; at < log.highWatermark; ) {
    const slice = await log.read(at, { maxBytes: mebibyte, upTo: log.highWatermark, atLeastOneBatch: true })
    for (const { records } of readRecords(Buffer.concat(slice.chunks))) {
      for (const { offset, key } of records) if (offset < first || seen.has(String(key)) || !seen.add(String(key))) return false
    }
    at = slice.nextOffset
    slice.release?.()
  }
  return seen.size === keys + 1
}

const home = kept ?? fs.mkdtempSync(path.join(os.tmpdir(), 'stele-compaction-'))
let isEnabled = false
const directory = LogDirectory.open({
  platform: nodePlatform,
  path: home,
  nodeId: 1,
  logger: silentLogger,
  settings: { tailCacheBytes: mebibyte },
  cleaner: () => ({ ...defaultCleanerSettings, enabled: isEnabled, backoffMillis: 10 }),
  onWritten(log) {
    log.highWatermark = log.writtenEnd
  },
  onOffline(_log, error) {
    throw error
  },
})
const log = directory.openLog({ topic: 'packages', partition: 0, topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', config })
const keys = await fill(directory, log)
const mebibytes = (bytes: number) => (bytes / mebibyte).toFixed(1)
console.log(`${keys} keys, ${log.endOffset} records, ${mebibytes(log.sizeBytes)} MiB, codec ${codec}`)
if (kept === undefined) {
  global.gc?.()
  const size = log.sizeBytes
  const before = process.memoryUsage.rss()
  const began = performance.now()
  const { cleanerStatistics: statistics } = directory
  isEnabled = true
  const { residentBytes, lagMillis } = await watched(() => statistics.passes > 0)
  const seconds = (performance.now() - began) / 1000
  console.log(
    `compacted in ${seconds.toFixed(2)} s: ${mebibytes(size / seconds)} MiB of log a second, ${Math.round(log.endOffset / seconds)} records/s`,
  )
  console.log(`${mebibytes(log.sizeBytes)} MiB are left; ${mebibytes(residentBytes - before)} MiB more resident at most`)
  console.log(`the event loop was late by ${lagMillis.toFixed(1)} ms at most`)
  const isRight = await isNewestOfEach(log, keys)
  console.log(isRight ? 'exactly the newest record of each key is left' : 'NOT exactly the newest record of each key is left')
  process.exitCode = isRight ? 0 : 1
}
await directory.close()
if (kept === undefined) fs.rmSync(home, { recursive: true, force: true })
