/**
 * From argv to a command and its values, or one clear sentence about what is wrong with them.
 * Pure. node:util cuts the words apart; what they mean is the command's declaration.
 */
import { parseArgs } from 'node:util'
import { BadValue, type Command, type Flag } from './command.ts'
import { UsageError } from './exit.ts'
import { nearest } from './nearest.ts'

export type Request =
  | { kind: 'run'; command: Command; input: Readonly<Record<string, unknown>> }
  /** `of`: a command's name, the first word of several (`topics`), or empty for all. */
  | { kind: 'help'; of: string }
  | { kind: 'version' }

/** Throws UsageError. */
export function parseArguments(argv: readonly string[], commands: readonly Command[]): Request {
  const [first] = argv
  if (first === undefined || first === '--help' || first === '-h') return { kind: 'help', of: '' }
  if (first === '--version' || first === '-V') return { kind: 'version' }
  if (first === 'help') return { kind: 'help', of: helpFor(argv.slice(1), commands) }
  if (first.startsWith('-')) throw new UsageError(`the first word must be a command, not ${first}`)
  const command = commandNamed(argv, commands)
  const rest = argv.slice(command ? wordsOf(command).length : 1)
  if (!command) return groupHelp(first, rest, commands)
  return parseFor(command, rest)
}

function wordsOf({ name }: Command): string[] {
  return name.split(' ')
}

function commandNamed(argv: readonly string[], commands: readonly Command[]): Command | undefined {
  return commands.find((command) => wordsOf(command).every((word, index) => argv[index] === word))
}

/** `stele topics`, and no or no such second word. */
function groupHelp(first: string, [second]: readonly string[], commands: readonly Command[]): Request {
  const family = commands.filter((command) => wordsOf(command)[0] === first)
  if (family.length === 0) {
    const names = [...new Set(commands.map((command) => wordsOf(command)[0] as string))]
    throw new UsageError(`there is no command ${first}${suggestion(first, names)}`)
  }
  const seconds = family.map((command) => wordsOf(command)[1] as string)
  if (second === '--help' || second === '-h') return { kind: 'help', of: first }
  if (second === undefined || second.startsWith('-')) throw new UsageError(`${first} must be followed by ${alternatives(seconds)}`, first)
  throw new UsageError(`there is no command ${first} ${second}${suggestion(second, seconds)}`, first)
}

function helpFor(words: readonly string[], commands: readonly Command[]): string {
  if (words.length === 0) return ''
  const command = commandNamed(words, commands)
  if (command) return command.name
  const [first = ''] = words
  return (groupHelp(first, ['--help'], commands) as { of: string }).of
}

function parseFor(command: Command, argv: readonly string[]): Request {
  const flags = new Map(Object.entries(command.flags).map(([key, flag]) => [kebab(key), { key, flag }]))
  const { tokens } = parseArgs({ args: [...argv], options: optionsOf(command), strict: false, allowPositionals: true, tokens: true })
  if (tokens.some((token) => token.kind === 'option' && (token.name === 'help' || token.name === 'h')))
    return { kind: 'help', of: command.name }
  const given = new Map<string, string[]>()
  const operands: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value)
    if (token.kind !== 'option') continue
    const known = flags.get(token.name)
    if (!known)
      throw new UsageError(
        `there is no flag ${token.rawName}${suggestion(
          token.rawName,
          [...flags.keys()].map((name) => `--${name}`),
        )}`,
        command.name,
      )
    const texts = given.get(known.key) ?? []
    given.set(known.key, [...texts, valueOf(token, known.flag, command)])
  }
  return { kind: 'run', command, input: { ...flagValues(command, given), ...operandValues(command, operands) } }
}

export function kebab(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function optionsOf({ flags }: Command) {
  const options: Record<string, { type: 'string' | 'boolean'; short?: string; multiple: true }> = {}
  for (const [key, { value, short }] of Object.entries(flags)) {
    options[kebab(key)] = { type: value === undefined ? 'boolean' : 'string', multiple: true, ...(short === undefined ? {} : { short }) }
  }
  return options
}

interface OptionToken {
  rawName: string
  value: string | undefined
  inlineValue: boolean | undefined
}

function valueOf({ rawName, value, inlineValue }: OptionToken, flag: Flag<unknown>, command: Command): string {
  if (flag.value === undefined) {
    if (inlineValue) throw new UsageError(`${rawName} takes no value`, command.name)
    return ''
  }
  const isAnotherFlag = !inlineValue && value !== undefined && /^--?[a-zA-Z]/.test(value)
  if (value === undefined || isAnotherFlag) throw new UsageError(`${rawName} must be followed by ${flag.value}`, command.name)
  return value
}

function flagValues(command: Command, given: ReadonlyMap<string, readonly string[]>): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const [key, flag] of Object.entries(command.flags)) {
    const texts = given.get(key) ?? []
    if (flag.required && texts.length === 0) throw new UsageError(`--${kebab(key)} ${flag.value ?? ''} must be given`, command.name)
    values[key] = readFlag(`--${kebab(key)}`, flag, texts, command)
  }
  return values
}

function readFlag(name: string, flag: Flag<unknown>, texts: readonly string[], command: Command): unknown {
  try {
    return flag.read(texts)
  } catch (error) {
    if (!(error instanceof BadValue)) throw error
    throw new UsageError(`${name} must be ${error.message}, not '${texts.at(-1)}'`, command.name)
  }
}

function operandValues(command: Command, texts: readonly string[]): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  let taken = 0
  for (const [key, operand] of Object.entries(command.operands)) {
    const own = texts.slice(taken, taken + operand.most)
    if (own.length < operand.least) throw new UsageError(`${operand.value} is missing: ${lowered(operand.doc)}`, command.name)
    values[key] = operand.read(own)
    taken += own.length
  }
  const [surplus] = texts.slice(taken)
  if (surplus !== undefined) throw new UsageError(`'${surplus}' is one argument too many`, command.name)
  return values
}

function lowered(doc: string): string {
  return doc.charAt(0).toLowerCase() + doc.slice(1).replace(/\.$/, '')
}

function suggestion(word: string, among: readonly string[]): string {
  const near = nearest(word, among)
  return near === undefined ? '' : `; did you mean ${near}?`
}

function alternatives(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}
