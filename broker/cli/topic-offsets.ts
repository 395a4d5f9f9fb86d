/** `stele topics offsets`: where partitions begin and end, and where a moment is in them. */
import type { Stele, TopicPartition } from '../../client/index.ts'
import { nodeClock } from '../platform/node/clock.ts'
import { bootstrapFlag, withClient } from './client.ts'
import { command, flag, operand } from './command.ts'
import { Exit, UsageError } from './exit.ts'
import { positionAt, positionFlag } from './position.ts'
import { type Column, tableText } from './table.ts'

interface Row extends TopicPartition {
  readonly beginning: number
  readonly end: number
  /** The first record at or after the moment; null where there is none, or no moment was given. */
  readonly at: number | null
}

export const topicOffsets = command({
  name: 'topics offsets',
  about: 'Tells where partitions begin and end, and where a moment is in them.',
  flags: {
    bootstrap: bootstrapFlag,
    at: positionFlag(undefined, 'Also the first record at or after this'),
    json: flag.toggle('One JSON document instead of a table.'),
  },
  operands: { names: operand.some('TOPIC', 'The topics.') },
  examples: ['stele topics offsets orders', 'stele topics offsets orders --at 2h'],
  run({ bootstrap, at, json, names }, { out, colours }) {
    const moment = at === undefined ? undefined : positionAt(at, nodeClock.now())
    if (moment !== undefined && !(typeof moment === 'object' && 'time' in moment)) {
      throw new UsageError('--at must be how long ago or a moment: the rest is told anyway', 'topics offsets')
    }
    return withClient(bootstrap, async (stele) => {
      const rows = await rowsOf(stele, names, moment?.time)
      await out.write(json ? `${JSON.stringify(rows)}\n` : tableText(moment ? [...columns, atColumn] : columns, rows, out, colours))
      return Exit.ok
    })
  },
})

const columns: Column<Row>[] = [
  { title: 'TOPIC', cell: ({ topic }) => topic },
  { title: 'PARTITION', align: 'right', cell: ({ partition }) => partition },
  { title: 'BEGINNING', align: 'right', cell: ({ beginning }) => beginning },
  { title: 'END', align: 'right', cell: ({ end }) => end },
  { title: 'OFFSETS', align: 'right', cell: ({ beginning, end }) => end - beginning },
]

const atColumn: Column<Row> = { title: 'AT', align: 'right', cell: ({ at }) => at }

async function rowsOf({ admin, topics }: Stele, names: readonly string[], time: number | undefined): Promise<Row[]> {
  const { orThrow } = await import('../../client/index.ts')
  const described = await topics.describe(names)
  const partitions = described.flatMap(({ name, partitions }) => partitions.map(({ index }) => ({ topic: name, partition: index })))
  const ask = async (at: 'beginning' | 'end' | { time: number }) =>
    orThrow(await admin.partitions.offsets(partitions.map((partition) => ({ ...partition, at }))))
  const [beginnings, ends, found] = await Promise.all([ask('beginning'), ask('end'), time === undefined ? [] : ask({ time })])
  const offsetIn = (all: readonly (TopicPartition & { readonly offset: number })[], { topic, partition }: TopicPartition) =>
    all.find((one) => one.topic === topic && one.partition === partition)?.offset ?? -1
  return partitions.map((place) => {
    const at = offsetIn(found, place)
    return { ...place, beginning: offsetIn(beginnings, place), end: offsetIn(ends, place), at: at < 0 ? null : at }
  })
}
