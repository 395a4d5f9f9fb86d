/**
 * What could stand where someone presses Tab: commands, flags, and what may follow them, from the declarations.
 * Pure; the names of topics and groups are asked of whoever knows them.
 */
import { kebab } from './arguments.ts'
import type { Command, Flag } from './command.ts'

export interface Candidate {
  readonly word: string
  /** For shells that show it. */
  readonly about: string
}

/** `files`: the shell knows them. */
export type Completion = readonly Candidate[] | 'files'

/** What values stand for, by the word that help shows for them. */
export interface KnownNames {
  topics(): Promise<readonly string[]>
  groups(): Promise<readonly string[]>
  /** What a bench can measure. */
  workloads(): Promise<readonly string[]>
  /** Whose clients may load it. */
  clients(): Promise<readonly string[]>
}

/** @param words behind `stele`, the last one unfinished, maybe empty. */
export async function complete(words: readonly string[], commands: readonly Command[], known: KnownNames): Promise<Completion> {
  const word = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const shown = commands.filter(({ isHidden }) => isHidden !== true)
  const command = shown.find(({ name }) => name.split(' ').every((part, index) => before[index] === part))
  const found = command
    ? await behindCommand(command, before.slice(command.name.split(' ').length), word, known)
    : commandWords(before, shown)
  return found === 'files' ? found : found.filter((candidate) => candidate.word.startsWith(word))
}

function commandWords(before: readonly string[], commands: readonly Command[]): Candidate[] {
  const fitting = commands.filter(({ name }) => before.every((part, index) => name.split(' ')[index] === part))
  const words = new Map<string, string>()
  for (const { name, about } of fitting) {
    const parts = name.split(' ')
    const word = parts[before.length] as string
    const isFamily = parts.length > before.length + 1
    words.set(word, isFamily ? [words.get(word), parts.at(-1)].filter(Boolean).join(', ') : about)
  }
  return [...words].map(([word, about]) => ({ word, about }))
}

async function behindCommand(command: Command, given: readonly string[], word: string, known: KnownNames): Promise<Completion> {
  const flags = Object.entries(command.flags).map(([key, flag]) => ({ name: `--${kebab(key)}`, flag }))
  const flagOf = (text: string) => flags.find(({ name, flag }) => text === name || (flag.short !== undefined && text === `-${flag.short}`))
  const [, inlineName = ''] = /^(--[a-z-]+)=/.exec(word) ?? []
  const inline = flagOf(inlineName)
  if (inline) {
    const found = await values(inline.flag.value, known)
    return found === 'files' ? found : found.map((candidate) => ({ ...candidate, word: `${inlineName}=${candidate.word}` }))
  }
  const last = flagOf(given.at(-1) ?? '')
  if (last?.flag.value !== undefined) return values(last.flag.value, known)
  if (word.startsWith('-')) {
    return [...flags.map(({ name, flag }) => ({ word: name, about: flag.doc })), { word: '--help', about: 'What it does, and how.' }]
  }
  const place = operandsIn(given, (text) => flagOf(text)?.flag)
  const operands = Object.values(command.operands)
  let taken = 0
  const operand = operands.find(({ most }) => place < (taken += most))
  return values(operand?.value, known)
}

function operandsIn(given: readonly string[], flagOf: (text: string) => Flag<unknown> | undefined): number {
  return given.filter((text, index) => !text.startsWith('-') && flagOf(given[index - 1] ?? '')?.value === undefined).length
}

/** @param value as help shows it: `a|b` is a choice. */
async function values(value: string | undefined, known: KnownNames): Promise<Completion> {
  const [kind = ''] = (value ?? '').split('[')
  switch (kind) {
    case 'FILE':
    case 'DIR':
      return 'files'
    case 'TOPIC':
      return named(await known.topics())
    case 'GROUP':
      return named(await known.groups())
    case 'WORKLOAD':
      return named(await known.workloads())
    case 'CLIENT':
      return named(await known.clients())
    case 'WHERE':
      return named(['beginning', 'end', '2h'])
    default:
      return /^[a-z0-9]+(\|[a-z0-9]+)+$/.test(kind) ? named(kind.split('|')) : []
  }
}

function named(words: readonly string[]): Candidate[] {
  return words.map((word) => ({ word, about: '' }))
}

/** The words of a line as a shell cuts it, quotes away; the last one is unfinished, and empty behind a space. */
export function wordsOf(line: string): string[] {
  const words = ['']
  let quote = ''
  for (const [part, escaped] of line.matchAll(/\\(.?)|[^]/g)) {
    const at = words.length - 1
    if (escaped !== undefined && quote !== "'") words[at] += escaped
    else if (part === quote) quote = ''
    else if (quote === '' && (part === '"' || part === "'")) quote = part
    else if (quote === '' && /\s/.test(part)) {
      if (words[at] !== '') words.push('')
    } else words[at] += part
  }
  return words
}
