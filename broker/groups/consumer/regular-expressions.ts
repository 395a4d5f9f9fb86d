/**
 * Subscriptions by regular expression: RE2's language, as Kafka has it, matched in time linear in the topic's name whatever the expression.
 * Owns: what is a valid expression, and which topics one matches. Never: says when to look again (refresh.ts).
 */
import { RE2JS, RE2JSSyntaxException } from 're2js'
import { ErrorCode } from '../../../client/protocol/errors.ts'
import { CoordinatorError } from '../../coordinator/coordinator-error.ts'
import type { Topics } from '../topics.ts'

export interface ResolvedRegularExpression {
  readonly topics: ReadonlySet<string>
  /** Of the metadata that was looked through. */
  readonly version: number
  /** When, milliseconds since the Unix epoch. */
  readonly timestamp: number
}

/** Throws CoordinatorError (INVALID_REGULAR_EXPRESSION). */
export function checkRegularExpression(text: string): void {
  compile(text)
}

function compile(text: string): RE2JS {
  try {
    return RE2JS.compile(text)
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error
    throw new CoordinatorError(
      ErrorCode.INVALID_REGULAR_EXPRESSION,
      `SubscribedTopicRegex \`${text}\` is not a valid regular expression: ${error.getDescription()}.`,
    )
  }
}

/** The topics whose whole name each matches. One that this broker cannot read, though another could, matches none. */
export function resolve(expressions: Iterable<string>, topics: Topics, timestamp: number): ReadonlyMap<string, ResolvedRegularExpression> {
  const { version } = topics
  const resolved = new Map<string, ResolvedRegularExpression>()
  for (const text of expressions) {
    const matching = new Set<string>()
    const compiled = tryCompile(text)
    if (compiled) for (const name of topics.names()) if (compiled.matches(name)) matching.add(name)
    resolved.set(text, { topics: matching, version, timestamp })
  }
  return resolved
}

function tryCompile(text: string): RE2JS | undefined {
  try {
    return compile(text)
  } catch (error) {
    if (error instanceof CoordinatorError) return undefined
    throw error
  }
}
