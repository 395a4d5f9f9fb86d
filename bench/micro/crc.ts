/**
 * What checking costs: CRC-32C by machine code and by tables, the walk over records, and all that a leader does with a batch.
 * `node bench/micro/crc.ts [filter]`
 */
import { performance } from 'node:perf_hooks'
import { RecordBatch } from '../../client/records/batch.ts'
import { buildBatch } from '../../client/records/builder.ts'
import { crc32c, crc32cByTables } from '../../client/records/crc32c.ts'
import { recordsOf } from '../../client/records/record.ts'
import { scanRecords } from '../../client/records/record-scanner.ts'
import { type LeaderRules, validateForLeader } from '../../client/records/validate.ts'

const now = 1_700_000_000_000
const topic: LeaderRules = {
  baseOffset: 1,
  leaderEpoch: 1,
  now,
  isCompacted: false,
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: 2 ** 63,
  timestampAfterMaxMs: 3_600_000,
  compression: 'producer',
  batchBytesMax: 1_048_588,
  origin: 'client',
}
const warmUpMs = 200
const runMs = 500
const callsPerCheck = 50
const filter = process.argv[2] ?? ''

/** Microseconds of CPU for a call, and seconds for a gigabyte of what it went over. */
function measure(name: string, bytes: number, act: () => unknown): void {
  if (!name.includes(filter)) return
  for (const end = performance.now() + warmUpMs; performance.now() < end; ) act()
  let calls = 0
  const before = process.cpuUsage()
  for (const end = performance.now() + runMs; performance.now() < end; calls += callsPerCheck) {
    for (let i = 0; i < callsPerCheck; i++) act()
  }
  const { user, system } = process.cpuUsage(before)
  const micros = (user + system) / calls
  console.log(`${name.padEnd(44)} ${micros.toFixed(3).padStart(10)} µs ${(micros * (1000 / bytes)).toFixed(3).padStart(8)} s/GB`)
}

const zeros = Buffer.alloc(1024 * 1024)
for (const bytes of [32, 64, 128, 256, 1024, 16 * 1024, 1024 * 1024]) {
  measure(`crc32c of ${bytes} B`, bytes, () => crc32c(zeros, 0, bytes))
  measure(`crc32c by tables of ${bytes} B`, bytes, () => crc32cByTables(zeros, 0, bytes))
}
for (const [count, valueBytes] of [
  [1, 100],
  [160, 85],
  [1000, 85],
  [16, 1000],
] as const) {
  const records = Array.from({ length: count }, (_, i) => ({
    timestamp: now - 1000 + i,
    key: Buffer.from(`k${i}`),
    value: Buffer.alloc(valueBytes),
  }))
  const bytes = buildBatch({ records })
  const batch = new RecordBatch(bytes)
  const what = `${count} records of ${valueBytes} B`
  measure(`walk ${what}`, bytes.length, () => {
    const scanner = scanRecords(batch)
    while (scanner.next());
  })
  measure(`read ${what}`, bytes.length, () => [...recordsOf(batch)])
  measure(`build ${what}`, bytes.length, () => buildBatch({ records }))
  measure(`leader ${what}`, bytes.length, () => {
    batch.baseOffset = 0
    return validateForLeader(bytes, topic)
  })
  const zstd = buildBatch({ records, codec: 'zstd' })
  measure(`leader ${what}, zstd`, bytes.length, () => {
    zstd.fill(0, 0, 8)
    return validateForLeader(zstd, topic)
  })
}
