/**
 * What is asked of every file by itself: its size, its name, its opening comment, and what may not stand in it.
 */
import { type Check, type Finding, isTypeScript, linesOf, type SourceFile } from './source-file.ts'

const linesMax = 600

/** Pure tables may be longer, each with its reason. */
const longTables: ReadonlyMap<string, string> = new Map([])

export const notTooLong: Check = (files) =>
  files
    .filter((file) => isTypeScript(file) && linesOf(file).length > linesMax && !longTables.has(file.path))
    .map((file) => `${file.path}: ${linesOf(file).length} lines, at most ${linesMax}: split it by its ideas`)

/** Sources open with what they own; a test file says it by the names of its tests. */
export const opensWithComment: Check = (files) =>
  files
    .filter((file) => isTypeScript(file) && !file.path.endsWith('.test.ts'))
    .filter((file) => !/^(#!.*\n)?(\/\*\*|\/\/)/.test(file.text))
    .map((file) => `${file.path}:1: no opening comment: say what it owns and what it never does`)

const homelessNames = new Set(['util', 'utils', 'common', 'helper', 'helpers', 'misc', 'types', 'shared', 'lib'])
const doors = new Set(['client/index.ts', 'broker/index.ts'])
const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.d)?\.ts$/

export const namedByNoun: Check = (files) => files.filter(isTypeScript).flatMap(namingFindings)

function namingFindings({ path }: SourceFile): Finding[] {
  const findings: Finding[] = []
  const segments = path.split('/')
  const name = segments.at(-1) ?? ''
  for (const segment of segments) {
    const word = segment.replace(/(\.test|\.d)?\.ts$/, '')
    if (homelessNames.has(word)) findings.push(`${path}: '${word}' says nothing: name it by what it is`)
  }
  if (name === 'index.ts' && !doors.has(path)) findings.push(`${path}: index.ts is for the two public doors`)
  if (!kebabCase.test(name)) findings.push(`${path}: file names are kebab-case`)
  return findings
}

/** Findings line by line, for a pattern that may not occur. */
function linesWith(files: readonly SourceFile[], pattern: RegExp, complaint: string): Finding[] {
  return files.flatMap((file) =>
    linesOf(file).flatMap((line, index) => (pattern.test(line) ? [`${file.path}:${index + 1}: ${complaint}`] : [])),
  )
}

/** The tidy checks speak of what they look for, and the licence is not ours to word. */
function ours(files: readonly SourceFile[]): SourceFile[] {
  return files.filter((file) => !file.path.startsWith('test/tidy/') && file.path !== 'LICENSE')
}

export const everyPromiseHasAnOwner: Check = (files) =>
  linesWith(ours(files), /\b(TODO|FIXME|XXX|HACK)\b(?!\([\w.-]+\))/, 'a promise without owner: write TODO(name), or do it')

export const knowsNoMachine: Check = (files) =>
  linesWith(ours(files), /(^|[\s'"`(=])\/(home|root|Users|work)\/[\w.]/, 'a path of one machine')

/** Invisible characters: control codes (but newline), soft and zero-width spaces, direction marks, byte-order marks. */
const invisible = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]/u

export const hidesNothing: Check = (files) => [
  ...linesWith(
    files.filter((file) => file.path !== 'LICENSE'),
    invisible,
    'an invisible character: write it as an escape',
  ),
  ...linesWith(files.filter(isTypeScript), /\t/, 'a tab: write it as an escape'),
]

export const keepsNoDeadCode: Check = (files) =>
  linesWith(
    ours(files).filter(isTypeScript),
    /^\s*\/\/\s*(import .* from |const \w+ = .*\(|let \w+ = |return [\w.]+\(.*\)$|if \(.*\) \{$|\}$)/,
    'code in a comment: delete it',
  )

/** Chance and identity come from the Random port, and lint can't ban a name of an allowed module beside the layer rules. */
const chance = /^import .*\b(randomBytes|randomFill(Sync)?|randomInt|randomUUID|getRandomValues|webcrypto)\b.* from 'node:crypto'/
const world = /^(broker\/platform|broker\/cli|client\/platform|test|bench|config)\//

export const takesNoChances: Check = (files) =>
  linesWith(
    files.filter((file) => isTypeScript(file) && !world.test(file.path)),
    chance,
    'chance comes from the Random port',
  )
