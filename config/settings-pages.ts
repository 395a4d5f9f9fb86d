/** The settings tables as people read them: the sample file `config/broker.properties`, and the page `broker/config/SETTINGS.md`. */
import { sections } from '../broker/config/broker-settings.ts'
import { groupSettings } from '../broker/config/group-settings.ts'
import type { Kind } from '../broker/config/kind.ts'
import type { Setting } from '../broker/config/setting.ts'
import { topicSettings } from '../broker/config/topic-settings.ts'

const columns = 110

/** Every setting with its doc; all at their defaults, and commented out. */
export function samplePropertiesFile(): string {
  const head = [
    '# Settings of a Stele broker, all of them, each at its default. Take away the # before a name to set it.',
    "# The names are Apache Kafka's where Kafka has the concept, so its server.properties works too.",
    '# The environment (STELE_LOG_RETENTION_HOURS=24) counts before this file, a flag (--set log.retention.hours=24) before both.',
    '# This file is made from the table in broker/config/broker-settings.ts.',
  ]
  const parts = Object.entries(sections).map(([title, rows]) =>
    [`# ---- ${title} ----`, ...Object.entries(rows).flatMap(sampleEntry)].join('\n'),
  )
  return `${[head.join('\n'), ...parts].join('\n\n')}\n`
}

function sampleEntry([name, row]: [string, Setting<unknown>]): string[] {
  const value = row.format(row.default)
  return ['', ...wrapped(docOf(row)), `#${name}=${value ?? ''}`]
}

function docOf({ doc, honoured, allowed, changeable }: Setting<unknown>): string {
  const when = changeable === 'read-only' ? '' : ' Can be changed while the broker runs.'
  return `${doc} (${capital(allowed)}.${when})${effect(honoured)}`
}

function effect(honoured: Setting<unknown>['honoured']): string {
  switch (honoured) {
    case 'yes':
      return ''
    case 'not yet':
      return ' No effect in this version yet.'
    case 'no':
      return ' No effect: known from Kafka, and not needed here.'
    default:
      return honoured satisfies never
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function wrapped(text: string): string[] {
  const lines: string[] = []
  let line = '#'
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > columns) {
      lines.push(line)
      line = '#'
    }
    line += ` ${word}`
  }
  return [...lines, line]
}

/** All tables, as Markdown. */
export function settingsPage(): string {
  const broker = Object.entries(sections).flatMap(([title, rows]) => [
    `### ${title}`,
    '',
    '| name | type | default | allowed | may change | meaning |',
    '|---|---|---|---|---|---|',
    ...Object.entries(rows).map(([name, row]: [string, Setting<unknown>]) =>
      tableRow([`\`${name}\``, row.type, defaultOf(row), row.allowed, row.changeable, row.doc + effect(row.honoured)]),
    ),
    '',
  ])
  const topics = Object.entries(topicSettings).filter(([, { internal }]) => !internal)
  return [
    '# Settings',
    '',
    'Made from the tables in `broker-settings.ts`, `topic-settings.ts` and `group-settings.ts`. How files, environment and flags go together: `parse.ts`.',
    '',
    '## Of a broker',
    '',
    ...broker,
    '## Of a topic',
    '',
    "Where a topic says nothing, the broker's setting counts.",
    '',
    ...ownTable(topics),
    '',
    '## Of a group',
    '',
    'The same; and the bounds are those of the broker, `group.consumer.min.…` and `group.consumer.max.…`.',
    '',
    ...ownTable(Object.entries(groupSettings)),
    '',
  ].join('\n')
}

type OwnSetting = Pick<Kind<unknown>, 'type' | 'default' | 'allowed' | 'format'> & {
  readonly doc: string
  readonly broker: readonly string[]
}

/** Settings that stand before the broker's. */
function ownTable(rows: readonly [string, OwnSetting][]): string[] {
  return [
    '| name | type | default | allowed | broker setting | meaning |',
    '|---|---|---|---|---|---|',
    ...rows.map(([name, row]) => {
      const behind = row.broker.map((one) => `\`${one}\``).join(', ')
      return tableRow([`\`${name}\``, row.type, defaultOf(row), row.allowed, behind, row.doc])
    }),
  ]
}

function defaultOf(row: Pick<Kind<unknown>, 'default' | 'format'>): string {
  const text = row.format(row.default)
  return text === null ? '' : `\`${text}\``
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}
