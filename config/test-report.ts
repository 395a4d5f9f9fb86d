/**
 * What `make test` prints: a line per test file as it ends, every failure with the command that repeats it, what was skipped and why,
 * and a last line of counts.
 * Counts leaves: assertions, and tests without any. A file that crashes or runs out of time is one failure, as is any test that
 * fails although all below it passed.
 * tap loads it by its default export and pipes TAP in; it is a Transform because tap pipes it on to stdout.
 */
import { Transform, type TransformCallback } from 'node:stream'
import { Parser, type Result } from 'tap-parser'

interface Counts {
  passed: number
  failed: number
  skipped: number
}

interface Failure {
  file: string
  title: string
}

/** Where the reporter prints, and what it has gathered for the end. */
interface Story {
  print(line: string): void
  readonly failures: Failure[]
  readonly skips: string[]
}

const detailLinesMax = 40

/** What tests say by `t.comment` is printed; what tap says of itself is not. */
const tapsOwnComment = /^# (Subtest|time=|\{ total|No coverage|timeout=)/

function colour(code: number, text: string): string {
  return process.stdout.isTTY && process.env['NO_COLOR'] === undefined ? `\u001b[${code}m${text}\u001b[39m` : text
}

/** What was skipped says why, in capitals: a green run that tested half is no green run. */
function reasonOf(flag: boolean | string | undefined): string {
  return typeof flag === 'string' && flag !== '' ? flag : 'no reason given'
}

function indented(text: string): string {
  const lines = text.trimEnd().split('\n')
  const shown = lines.slice(0, detailLinesMax)
  if (lines.length > shown.length) shown.push(`… ${lines.length - shown.length} more lines`)
  return shown.map((line) => `      ${line}`).join('\n')
}

/** How tap started the file, which is the same for all of them. */
const notWorthSaying = new Set(['source', 'compare', 'stdio', 'cwd', 'externalID', 'command', 'args', 'jobId'])

function detailOf(result: Result): string {
  const lines: string[] = []
  for (const [key, value] of Object.entries((result.diag ?? {}) as Record<string, unknown>)) {
    if (value === undefined || value === null || notWorthSaying.has(key)) continue
    lines.push(key === 'at' ? placeOf(value as CallSite) : described(key, value))
  }
  return lines.join('\n')
}

interface CallSite {
  fileName: string
  lineNumber: number
}

function placeOf(site: CallSite): string {
  return `at: ${site.fileName}:${site.lineNumber}`
}

function described(key: string, value: unknown): string {
  const text = typeof value === 'string' ? value.trimEnd() : JSON.stringify(value)
  return text.includes('\n') ? `${key}:\n${text.replace(/^/gm, '  ')}` : `${key}: ${text}`
}

/** tap says it twice when a file runs out of time: in the file, where it got the chance, and beside it. The file's name, if this is the second. */
function fileOutOfTime(result: Result): string | undefined {
  const { expired } = (result.diag ?? {}) as { expired?: unknown }
  return result.name === 'timeout!' && typeof expired === 'string' ? expired : undefined
}

/** Follows one test's TAP, and its subtests' by recursion; what it returns fills as they run. */
function follow(parser: Parser, path: readonly string[], story: Story): Counts {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  let child: Counts | undefined

  const fail = (where: readonly string[], detail: string) => {
    counts.failed++
    const failure = { file: where[0] ?? 'the run', title: where.join(' > ') }
    story.failures.push(failure)
    story.print(colour(31, `  FAILED  ${failure.title}`))
    if (detail !== '') story.print(indented(detail))
    story.print(`      ${repeatBy(failure)}`)
  }

  const settle = (result: Result, below: Counts | undefined) => {
    if (below) {
      counts.passed += below.passed
      counts.failed += below.failed
      counts.skipped += below.skipped
      if (below.passed + below.failed + below.skipped > 0 && (result.ok || below.failed > 0)) return
    }
    if (result.skip || result.todo) {
      counts.skipped++
      const what = [...path, result.name].join(' > ')
      const line = colour(33, `  SKIPPED ${what}: ${reasonOf(result.skip || result.todo)}`)
      story.skips.push(line)
      story.print(line)
    } else if (result.ok) counts.passed++
    else fail([...path, result.name], detailOf(result))
  }

  parser.on('child', (subtest: Parser) => {
    child = follow(subtest, [...path, subtest.name], story)
  })
  parser.on('assert', (result: Result) => {
    const below = child
    child = undefined
    const late = path.length === 0 ? fileOutOfTime(result) : undefined
    if (late !== undefined) {
      if (!story.failures.some((failure) => failure.file === late)) fail([late, 'out of time'], '')
      return
    }
    settle(result, below)
    if (path.length === 0) fileEnded(result, below, story)
  })
  parser.on('comment', (comment: string) => {
    if (!tapsOwnComment.test(comment)) story.print(`  ${comment.trimEnd()}`)
  })
  parser.on('bailout', (reason: string) => {
    if (path.length === 0) fail(['bail out'], reason)
  })
  return counts
}

function repeatBy(failure: Failure): string {
  return `again: make test FILES=${failure.file}`
}

function fileEnded(result: Result, counts: Counts | undefined, story: Story): void {
  const seconds = ((result.time ?? 0) / 1000).toFixed(1).padStart(6)
  const verdict = result.ok ? colour(32, 'ok  ') : colour(31, 'FAIL')
  story.print(`${verdict} ${seconds} s  ${result.name}${counts ? `  (${lastLine(counts)})` : ''}`)
}

export function lastLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

export default class TestReport extends Transform {
  readonly #parser = new Parser()
  readonly #failures: Failure[] = []
  readonly #skips: string[] = []
  readonly #counts: Counts

  constructor() {
    super()
    const print = (line: string) => void this.push(`${line}\n`)
    this.#counts = follow(this.#parser, [], { print, failures: this.#failures, skips: this.#skips })
  }

  override _transform(chunk: Buffer | string, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#parser.write(chunk)
    done()
  }

  override _flush(done: TransformCallback): void {
    this.#parser.once('complete', () => {
      this.#printEnd()
      done()
    })
    this.#parser.end()
  }

  #printEnd(): void {
    const lines: string[] = []
    if (this.#skips.length > 0) lines.push('', 'Skipped here:', ...this.#skips)
    if (this.#failures.length > 0) lines.push('', 'Failed:')
    for (const failure of this.#failures) lines.push(colour(31, `  FAILED  ${failure.title}`), `      ${repeatBy(failure)}`)
    if (this.#counts.passed + this.#counts.failed === 0) {
      this.#counts.failed++
      lines.push('', 'No test ran.')
    }
    lines.push('', lastLine(this.#counts))
    this.push(`${lines.join('\n')}\n`)
  }
}
