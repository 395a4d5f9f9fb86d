/** `stele topics`: create, list, describe, alter, delete. */
import type { NewTopic, TopicDescription } from '../../client/index.ts'
import { bootstrapFlag, withClient } from './client.ts'
import { type Command, command, flag, operand } from './command.ts'
import { Exit, UsageError } from './exit.ts'
import { type Column, tableText } from './table.ts'

const json = flag.toggle('One JSON document instead of a table.')
const partitionsMax = 100_000

const create = command({
  name: 'topics create',
  about: 'Makes a topic.',
  flags: {
    bootstrap: bootstrapFlag,
    partitions: flag.integer('N', "How many partitions; the broker's num.partitions if left out.", {
      short: 'p',
      min: 1,
      max: partitionsMax,
    }),
    replicationFactor: flag.integer('N', "How many copies of each; the broker's default.replication.factor if left out.", {
      short: 'r',
      min: 1,
      max: 32_767,
    }),
    config: flag.pairs('NAME=VALUE', 'A setting of the topic; may be given several times.'),
    json,
  },
  operands: { name: operand.one('NAME', 'The name of the topic.') },
  examples: ['stele topics create orders --partitions 6 --config retention.ms=86400000'],
  run: ({ bootstrap, partitions, replicationFactor, config, json, name }, terminal) =>
    withClient(bootstrap, async ({ topics }) => {
      const topic: NewTopic = {
        name,
        ...(partitions === undefined ? {} : { partitions }),
        ...(replicationFactor === undefined ? {} : { replicationFactor }),
        configs: Object.fromEntries(config),
      }
      await topics.create([topic])
      const [made] = await topics.describe([name])
      if (!made) throw new Error(`the broker made ${name} and does not know it`)
      await terminal.out.write(json ? `${JSON.stringify(made)}\n` : `${name} made: ${counted(made.partitions.length, 'partition')}\n`)
      return Exit.ok
    }),
})

const list = command({
  name: 'topics list',
  about: 'Names all topics.',
  flags: { bootstrap: bootstrapFlag, json },
  operands: {},
  run: ({ bootstrap, json }, { out, colours }) =>
    withClient(bootstrap, async ({ topics }) => {
      const listed = await topics.list()
      await out.write(json ? `${JSON.stringify(listed)}\n` : tableText(summaryColumns, listed, out, colours))
      return Exit.ok
    }),
})

const summaryColumns: Column<{ name: string; partitions: number; replicas: number }>[] = [
  { title: 'TOPIC', cell: ({ name }) => name },
  { title: 'PARTITIONS', align: 'right', cell: ({ partitions }) => partitions },
  { title: 'REPLICAS', align: 'right', cell: ({ replicas }) => replicas },
]

const describe = command({
  name: 'topics describe',
  about: 'Tells all about topics: their partitions, who leads them, and the settings that are their own.',
  flags: { bootstrap: bootstrapFlag, json },
  operands: { names: operand.any('TOPIC', 'The topics; all if none is named.') },
  run: ({ bootstrap, json, names }, { out, colours }) =>
    withClient(bootstrap, async ({ topics }) => {
      const described = await topics.describe(names.length === 0 ? undefined : names)
      if (json) await out.write(`${JSON.stringify(described)}\n`)
      else await out.write(described.map((topic) => head(topic) + tableText(partitionColumns, topic.partitions, out, colours)).join('\n'))
      return Exit.ok
    }),
})

function head({ name, id, configs, isInternal }: TopicDescription): string {
  const settings = Object.entries(configs).map(([key, value]) => `  ${key}=${value}\n`)
  return `${name}${isInternal ? ' (internal)' : ''}  id ${id}\n${settings.join('')}`
}

const partitionColumns: Column<TopicDescription['partitions'][number]>[] = [
  { title: 'PARTITION', align: 'right', cell: ({ index }) => index },
  { title: 'LEADER', align: 'right', cell: ({ leader }) => (leader < 0 ? null : leader) },
  { title: 'REPLICAS', cell: ({ replicas }) => replicas.join(',') },
  { title: 'IN SYNC', cell: ({ isr }) => isr.join(',') },
]

const alter = command({
  name: 'topics alter',
  about: 'Adds partitions to a topic, sets its settings, or gives them back their defaults.',
  flags: {
    bootstrap: bootstrapFlag,
    partitions: flag.integer('N', 'How many partitions it shall have in all; never fewer than it has.', {
      short: 'p',
      min: 1,
      max: partitionsMax,
    }),
    config: flag.pairs('NAME=VALUE', 'A setting of the topic; may be given several times.'),
    deleteConfig: flag.list('NAME', "A setting that goes back to the broker's default; may be given several times."),
    json,
  },
  operands: { name: operand.one('TOPIC', 'The name of the topic.') },
  examples: ['stele topics alter orders --config retention.ms=-1 --partitions 12'],
  async run({ bootstrap, partitions, config, deleteConfig, json, name }, { out }) {
    const changes: Record<string, string | null> = Object.fromEntries(config)
    for (const key of deleteConfig) {
      if (key in changes) throw new UsageError(`${key} cannot be both set and deleted`, 'topics alter')
      changes[key] = null
    }
    const changed = Object.keys(changes)
    if (partitions === undefined && changed.length === 0) {
      throw new UsageError('nothing is to be altered: give --partitions, --config or --delete-config', 'topics alter')
    }
    return withClient(bootstrap, async ({ topics }) => {
      if (changed.length > 0) await topics.alterConfigs(name, changes)
      if (partitions !== undefined) await topics.addPartitions(name, partitions)
      if (json) await out.write(`${JSON.stringify((await topics.describe([name]))[0])}\n`)
      else await out.write(`${name} altered\n`)
      return Exit.ok
    })
  },
})

const remove = command({
  name: 'topics delete',
  about: 'Deletes topics, and all that is in them.',
  flags: { bootstrap: bootstrapFlag, json },
  operands: { names: operand.some('TOPIC', 'The topics.') },
  run: ({ bootstrap, json, names }, { out }) =>
    withClient(bootstrap, async ({ topics }) => {
      await topics.delete(names)
      await out.write(json ? `${JSON.stringify({ deleted: names })}\n` : names.map((name) => `${name} deleted\n`).join(''))
      return Exit.ok
    }),
})

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

export const topicCommands: readonly Command[] = [create, list, describe, alter, remove]
