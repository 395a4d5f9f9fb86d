/** `stele groups`: list, describe, reset, delete. */
import { readFileSync } from 'node:fs'
import type { AskedTopic, GroupDescription, GroupOffset, GroupSummary, NewOffset, PlannedOffset, Stele } from '../../client/index.ts'
import { nodeClock } from '../platform/node/clock.ts'
import { bootstrapFlag, withClient } from './client.ts'
import { type Command, command, flag, operand } from './command.ts'
import { CommandError, Exit, UsageError } from './exit.ts'
import { positionAt, positionFlag, type WrittenPosition } from './position.ts'
import { type Column, tableText } from './table.ts'

const json = flag.toggle('One JSON document instead of a table.')

const list = command({
  name: 'groups list',
  about: 'Names all groups.',
  flags: { bootstrap: bootstrapFlag, json },
  operands: {},
  run: ({ bootstrap, json }, { out, colours }) =>
    withClient(bootstrap, async ({ groups }) => {
      const listed = await groups.list()
      await out.write(json ? `${JSON.stringify(listed)}\n` : tableText(summaryColumns, listed, out, colours))
      return Exit.ok
    }),
})

const summaryColumns: Column<GroupSummary>[] = [
  { title: 'GROUP', cell: ({ groupId }) => groupId },
  { title: 'TYPE', cell: ({ type }) => type || null },
  { title: 'STATE', cell: ({ state }) => state || null },
  { title: 'PROTOCOL', cell: ({ protocolType }) => protocolType || null },
]

const describe = command({
  name: 'groups describe',
  about: 'Tells all about groups: how far each has read, what is left, and who its members are.',
  flags: { bootstrap: bootstrapFlag, json },
  operands: { names: operand.some('GROUP', 'The groups.') },
  run: ({ bootstrap, json, names }, { out, colours }) =>
    withClient(bootstrap, async ({ groups }) => {
      const described = []
      for (const name of names) described.push(await groups.describe(name))
      if (json) await out.write(`${JSON.stringify(described)}\n`)
      else {
        const texts = described.map((group) => [
          head(group),
          group.offsets.length > 0 ? tableText(offsetColumns, group.offsets, out, colours) : '',
          group.members.length > 0 ? `\n${tableText(memberColumns, group.members, out, colours)}` : '',
        ])
        await out.write(texts.map((parts) => parts.join('')).join('\n'))
      }
      return Exit.ok
    }),
})

function head({ groupId, type, state, assignor, coordinator }: GroupDescription): string {
  return `${groupId}  ${type}  ${state}${assignor === '' ? '' : `  ${assignor}`}  coordinator ${coordinator}\n`
}

const offsetColumns: Column<GroupOffset>[] = [
  { title: 'TOPIC', cell: ({ topic }) => topic },
  { title: 'PARTITION', align: 'right', cell: ({ partition }) => partition },
  { title: 'COMMITTED', align: 'right', cell: ({ committed }) => committed },
  { title: 'END', align: 'right', cell: ({ end }) => end },
  { title: 'LAG', align: 'right', cell: ({ committed, end }) => (committed === null || end === null ? null : end - committed) },
  { title: 'MEMBER', cell: ({ memberId }) => memberId },
]

const memberColumns: Column<GroupDescription['members'][number]>[] = [
  { title: 'MEMBER', cell: ({ memberId }) => memberId },
  { title: 'INSTANCE', cell: ({ instanceId }) => instanceId },
  { title: 'CLIENT', cell: ({ clientId }) => clientId },
  { title: 'HOST', cell: ({ host }) => host },
  { title: 'PARTITIONS', align: 'right', cell: ({ assignment }) => assignment.reduce((sum, { partitions }) => sum + partitions.length, 0) },
]

interface ResetInput {
  readonly to: WrittenPosition | undefined
  readonly fromFile: string | undefined
  readonly topic: readonly string[]
  readonly allTopics: boolean
}

const reset = command({
  name: 'groups reset',
  about: 'Sets a group without members back or forward. Shows what it would do, and does it with --execute.',
  details: [
    'An offset outside of what a partition holds becomes its beginning or its end.',
    'A file has a line for each partition, topic,partition,offset, as those of kafka-consumer-groups.',
  ].join('\n'),
  flags: {
    bootstrap: bootstrapFlag,
    to: positionFlag(undefined, 'Where the group is to go on'),
    fromFile: flag.text('FILE', 'The offsets are in this file.'),
    topic: flag.list('TOPIC[:N,N]', 'A topic, or partitions of it; may be given several times.', { short: 't' }),
    allTopics: flag.toggle('All partitions of which the group has committed an offset.'),
    execute: flag.toggle('Does it.'),
    json,
  },
  operands: { name: operand.one('GROUP', 'The group.') },
  examples: [
    'stele groups reset billing --topic orders --to beginning',
    'stele groups reset billing --all-topics --to 2h --execute',
    'stele groups reset billing --from-file offsets.csv --execute',
  ],
  async run({ bootstrap, execute, json, name, ...input }, { out, colours }) {
    const plan = planOf(name, input)
    return withClient(bootstrap, async (stele) => {
      const planned = await plan(stele)
      if (execute) await stele.groups.reset(name, planned)
      if (json) await out.write(`${JSON.stringify({ executed: execute, offsets: planned })}\n`)
      else {
        await out.write(tableText(plannedColumns, planned, out, colours))
        if (out.isTerminal && !execute) await out.write('Nothing was changed: --execute does it.\n')
      }
      return Exit.ok
    })
  },
})

const plannedColumns: Column<PlannedOffset>[] = [
  { title: 'TOPIC', cell: ({ topic }) => topic },
  { title: 'PARTITION', align: 'right', cell: ({ partition }) => partition },
  { title: 'COMMITTED', align: 'right', cell: ({ committed }) => committed },
  { title: 'NEW', align: 'right', cell: ({ offset }) => offset },
]

/** Checks that it is clear what is wanted, before anybody is asked. */
function planOf(group: string, { to, fromFile, topic, allTopics }: ResetInput): (stele: Stele) => Promise<PlannedOffset[]> {
  const wrong = (message: string) => new UsageError(message, 'groups reset')
  if ((to === undefined) === (fromFile === undefined)) throw wrong('say where the group is to go on: either --to or --from-file')
  if (fromFile !== undefined) {
    if (topic.length > 0 || allTopics) throw wrong('a file says itself which topics it is about: no --topic or --all-topics with it')
    const offsets = readOffsets(fromFile)
    return ({ groups }) => groups.planOffsets(group, offsets)
  }
  if (topic.length > 0 === allTopics) throw wrong('say which topics: either --topic or --all-topics')
  const topics = topic.map(askedTopic)
  return ({ groups }) => groups.planReset(group, positionAt(to as WrittenPosition, nodeClock.now()), topics)
}

function askedTopic(text: string): AskedTopic {
  const [, name = '', numbers] = /^([^:]+)(?::(\d+(?:,\d+)*))?$/.exec(text) ?? []
  if (name === '') throw new UsageError(`--topic must be TOPIC or TOPIC:N,N and is '${text}'`, 'groups reset')
  return numbers === undefined ? { name } : { name, partitions: numbers.split(',').map(Number) }
}

function readOffsets(path: string): NewOffset[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new CommandError(`cannot read ${path}: ${(error as Error).message}`, error)
  }
  const lines = text.split(/\r?\n/)
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return []
    const [, topic, partition, offset] = /^\s*"?([^",]+)"?\s*,\s*(\d+)\s*,\s*(\d+)\s*$/.exec(line) ?? []
    if (topic === undefined) throw new CommandError(`${path}:${index + 1}: not topic,partition,offset`)
    return [{ topic, partition: Number(partition), offset: Number(offset) }]
  })
}

const remove = command({
  name: 'groups delete',
  about: 'Deletes groups without members, and all they have committed.',
  flags: { bootstrap: bootstrapFlag, json },
  operands: { names: operand.some('GROUP', 'The groups.') },
  run: ({ bootstrap, json, names }, { out }) =>
    withClient(bootstrap, async ({ groups }) => {
      await groups.delete(names)
      await out.write(json ? `${JSON.stringify({ deleted: names })}\n` : names.map((name) => `${name} deleted\n`).join(''))
      return Exit.ok
    }),
})

export const groupCommands: readonly Command[] = [list, describe, reset, remove]
