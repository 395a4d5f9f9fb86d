/**
 * What a crash may leave of a partition's files beyond what a killed process leaves: each damage touches only bytes that were never
 * acknowledged (after the log's end), or files that are made from the log.
 */
import * as fs from 'node:fs'
import * as path from 'node:path'

export type Damage = (directory: string, random: () => number) => string

function filesEnding(directory: string, ending: string): string[] {
  return fs
    .readdirSync(directory)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => path.join(directory, name))
}

function activeLog(directory: string): string {
  return filesEnding(directory, '.log').at(-1) as string
}

const tornTail: Damage = (directory, random) => {
  const log = activeLog(directory)
  // The start of a batch that says it is longer than what follows.
  const torn = Buffer.alloc(20 + Math.floor(random() * 200), 7)
  torn.writeBigInt64BE(1_000_000n, 0)
  torn.writeInt32BE(5_000, 8)
  if (torn.length > 16) torn.writeInt8(2, 16)
  fs.appendFileSync(log, torn)
  return 'torn tail'
}

const zeroedTail: Damage = (directory, random) => {
  fs.appendFileSync(activeLog(directory), Buffer.alloc(1 + Math.floor(random() * 10_000)))
  return 'zeroed tail'
}

const flippedTail: Damage = (directory) => {
  const log = activeLog(directory)
  const bytes = fs.readFileSync(log)
  if (bytes.length < 61) return 'nothing to flip'
  const length = bytes.readInt32BE(8) + 12
  const copy = Buffer.from(bytes.subarray(0, length))
  copy.writeUInt8(copy.readUInt8(length - 1) ^ 0x10, length - 1)
  fs.appendFileSync(log, copy)
  return 'a batch with a flipped bit after the end'
}

const missingIndexes: Damage = (directory) => {
  for (const file of [...filesEnding(directory, '.index'), ...filesEnding(directory, '.timeindex')]) fs.rmSync(file)
  return 'index files missing'
}

const staleIndexes: Damage = (directory, random) => {
  for (const file of [...filesEnding(directory, '.index'), ...filesEnding(directory, '.timeindex')]) {
    const garbage = Buffer.alloc(8 * Math.floor(1 + random() * 30))
    for (let at = 0; at < garbage.length; at++) garbage[at] = Math.floor(random() * 256)
    fs.writeFileSync(file, garbage)
  }
  return 'index files full of garbage'
}

const missingSnapshots: Damage = (directory) => {
  for (const file of filesEnding(directory, '.snapshot')) fs.rmSync(file)
  return 'producer snapshots missing'
}

const leftovers: Damage = (directory) => {
  for (const name of ['00000000000000000000.log.cleaned', '00000000000000000007.index.deleted', 'leader-epoch-checkpoint.tmp']) {
    fs.writeFileSync(path.join(directory, name), 'left over')
  }
  return 'leftover temporary files'
}

const nothing: Damage = () => 'no further damage'

export const damages: readonly Damage[] = [
  nothing,
  tornTail,
  zeroedTail,
  flippedTail,
  missingIndexes,
  staleIndexes,
  missingSnapshots,
  leftovers,
]
