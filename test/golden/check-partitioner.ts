/** Checks where keys go: their hash, and the partition out of several numbers of them. */
import assert from 'node:assert/strict'
import { murmur2, partitionOf } from '../../client/producer/partitioner.ts'
import { checkLines, type Verdict } from './json-lines.ts'

interface Row {
  key: string
  murmur2: number
  partition: { [count: string]: number }
}

export function check(lines: Iterable<string>): Verdict {
  return checkLines<Row>(lines, ({ key }) => `key ${key.slice(0, 32)}`, checkRow)
}

function checkRow({ key, murmur2: wanted, partition }: Row): void {
  const bytes = Buffer.from(key, 'hex')
  assert.equal(murmur2(bytes), wanted, 'hash')
  for (const [count, index] of Object.entries(partition)) assert.equal(partitionOf(bytes, Number(count)), index, `of ${count} partitions`)
}
