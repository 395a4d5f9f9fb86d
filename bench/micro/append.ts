/**
 * What one append costs in JavaScript, the checksum and the write apart: batches of one record, and of 16 KiB, into a log whose disk
 * swallows everything. `node bench/micro/append.ts [seconds]`; with --cpu-prof it says where the time goes.
 */
import { LogDirectory } from '../../broker/log/log-directory.ts'
import { silentLogger } from '../../broker/metrics/logger.ts'
import { nodePlatform } from '../../broker/platform/node/platform.ts'
import { crc32c } from '../../client/records/crc32c.ts'
import { defaultLogConfig } from '../../test/support/log-config.ts'
import { MemoryDisk } from '../../test/support/memory-disk.ts'
import { testBatch } from '../../test/support/batches.ts'

const seconds = Number(process.argv[2] ?? 1)
const appendsPerTurn = 16

class Swallowing extends MemoryDisk {
  override readonly swallows = true
}

const directory = LogDirectory.open({
  platform: { ...nodePlatform, disk: new Swallowing() },
  path: '/data',
  nodeId: 1,
  logger: silentLogger,
  onWritten(log) {
    log.highWatermark = log.writtenEnd
  },
  onOffline() {},
})
const log = directory.openLog({ topic: 't', partition: 0, topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', config: defaultLogConfig })

for (const { name, batch } of [
  { name: '1 record of 100 B', batch: testBatch({ valueBytes: 100 }) },
  { name: '16 KiB, records of 100 B', batch: testBatch({ count: 140, valueBytes: 100 }) },
  { name: '16 KiB, 1 record', batch: testBatch({ valueBytes: 16_000 }) },
  { name: '1 MiB, records of 1 KiB', batch: testBatch({ count: 1000, valueBytes: 1024 }) },
]) {
  const perAppend = await measure(batch)
  const checksum = measureChecksum(batch)
  const ns = (value: number) => `${value.toFixed(0).padStart(9)} ns`
  console.log(`${name.padEnd(28)}${ns(perAppend)}, of it checksum ${ns(checksum)}, ${(batch.length / perAppend).toFixed(2)} GB/s`)
}

async function measure(batch: Buffer): Promise<number> {
  const options = { leaderEpoch: 0, now: Date.now(), retain: false, origin: 'client' } as const
  const times: number[] = []
  const until = performance.now() + seconds * 1000
  while (performance.now() < until) {
    const began = performance.now()
    let appends = 0
    for (let turn = 0; turn < 50; turn++) {
      for (let at = 0; at < appendsPerTurn; at++, appends++) {
        batch.writeBigInt64BE(0n, 0)
        log.append(batch, options)
      }
      void log.flush()
    }
    times.push(((performance.now() - began) * 1e6) / appends)
    await new Promise<void>((resolve) => directory.afterWrite(resolve))
  }
  times.sort((a, b) => a - b)
  return times[times.length >> 1] as number
}

function measureChecksum(batch: Buffer): number {
  const rounds = 2000
  const began = performance.now()
  for (let round = 0; round < rounds; round++) crc32c(batch, 21, batch.length)
  return ((performance.now() - began) * 1e6) / rounds
}
process.exit(0)
