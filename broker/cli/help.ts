/** What --help says, made from the declarations: of all commands, of a family (`topics`), or of one. Pure. */
import { kebab } from './arguments.ts'
import type { Command, Flag, Operand } from './command.ts'

const program = 'stele'
const environment =
  'Environment: STELE_BOOTSTRAP, a broker to begin with; STELE_CLIENT_CONFIG, a properties file that says how a cluster lets you in (security.protocol, sasl.username …); NO_COLOR.'

/** @param of a command's name, the first word of several, or empty. */
export function helpText(of: string, commands: readonly Command[]): string {
  const command = commands.find(({ name }) => name === of)
  if (command) return commandHelp(command)
  const listed = commands.filter(({ name, isHidden }) => isHidden !== true && (of === '' || name.startsWith(`${of} `)))
  return overview(of, listed)
}

function overview(of: string, commands: readonly Command[]): string {
  const start = of === '' ? program : `${program} ${of}`
  return [
    of === '' ? "Stele: a streaming broker that speaks Apache Kafka's protocol." : `The commands of ${start}.`,
    '',
    `Usage: ${start} COMMAND [--help]`,
    '',
    ...columns(commands.map(({ name, about }) => [name, about])),
    '',
    ...wrapped(environment, widthMax),
    ...wrapped('Exit codes: 0 done, 1 not done, 2 wrong arguments or settings, 70 a mistake of the broker itself.', widthMax),
    '',
  ].join('\n')
}

function commandHelp({ name, about, details, flags, operands, examples = [] }: Command): string {
  const flagLines = columns([
    ...Object.entries(flags).map(([key, flag]) => [flagUsage(key, flag), flagDoc(flag)] as const),
    ['-h, --help', 'This text.'],
  ])
  const operandLines = columns(Object.values(operands).map(({ value, doc }) => [value, doc]))
  return [
    ...wrapped(about, widthMax),
    '',
    `Usage: ${[program, name, ...Object.values(operands).map(operandUsage), '[FLAGS]'].join(' ')}`,
    ...section('', operandLines),
    ...(details === undefined ? [] : ['', ...details.split('\n').flatMap((line) => wrapped(line, widthMax))]),
    ...section('Flags:', flagLines),
    ...section(
      'Examples:',
      examples.map((example) => `  ${example}`),
    ),
    '',
  ].join('\n')
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', ...(title === '' ? [] : [title]), ...lines]
}

function operandUsage({ value, least, most }: Operand<unknown>): string {
  const several = most > 1 ? `${value}...` : value
  return least === 0 ? `[${several}]` : several
}

function flagUsage(key: string, { value, short }: Flag<unknown>): string {
  return `${short === undefined ? '' : `-${short}, `}--${kebab(key)}${value === undefined ? '' : ` ${value}`}`
}

function flagDoc({ doc, required }: Flag<unknown>): string {
  return required ? `${doc} Required.` : doc
}

/** A terminal's width if nobody has pulled it wider, so that help reads well in any. */
const widthMax = 80
const leftMax = 28

/** Two columns; the right one wraps, and begins on its own line where the left one is too wide. */
function columns(rows: readonly (readonly [string, string])[]): string[] {
  const left = Math.min(leftMax, Math.max(0, ...rows.map(([text]) => text.length)))
  const indent = ' '.repeat(left + 4)
  return rows.flatMap(([text, doc]) => {
    const [first = '', ...rest] = wrapped(doc, widthMax - indent.length)
    const head = text.length > left ? [`  ${text}`, `${indent}${first}`] : [`  ${text.padEnd(left)}  ${first}`]
    return [...head, ...rest.map((line) => indent + line)]
  })
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
