/**
 * A command as a declaration: its words, flags and operands, what they mean, and what it does with them.
 * Flags are declared in camelCase and written in kebab-case: `replicationFactor` is --replication-factor. Their types are inferred.
 */
import type { ExitCode } from './exit.ts'
import type { Terminal } from './terminal.ts'

/** The text of a flag is not allowed; the message ends the sentence "must be …". */
export class BadValue extends Error {
  override name = 'BadValue'
}

export interface Flag<V> {
  /** Stands for the value in help, `HOST:PORT`; `undefined` where there is none. */
  readonly value: string | undefined
  readonly doc: string
  /** One letter. */
  readonly short: string | undefined
  readonly required: boolean
  /** From all texts given, in order; none if there was no such flag. Throws BadValue. */
  read(texts: readonly string[]): V
}

export interface Operand<V> {
  /** In capitals, as help shows it. */
  readonly value: string
  readonly doc: string
  readonly least: number
  readonly most: number
  read(texts: readonly string[]): V
}

export type Flags = Readonly<Record<string, Flag<unknown>>>
export type Operands = Readonly<Record<string, Operand<unknown>>>

export type ValuesOf<T extends Flags | Operands> = {
  readonly [N in keyof T]: T[N] extends { read(texts: readonly string[]): infer V } ? V : never
}

export interface Command<F extends Flags = Flags, O extends Operands = Operands> {
  /** `topics create`. */
  readonly name: string
  /** One sentence. */
  readonly about: string
  /** What else is to be said, in lines. */
  readonly details?: string
  readonly flags: F
  /** In order; only the last may take several or be left out. */
  readonly operands: O
  readonly examples?: readonly string[]
  /** For scripts of ours: help says nothing of it. */
  readonly isHidden?: boolean
  run(input: ValuesOf<F> & ValuesOf<O>, terminal: Terminal): Promise<ExitCode>
}

/** Keeps the types of flags and operands together where a command is declared. */
export function command<F extends Flags, O extends Operands>(declared: Command<F, O>): Command {
  return declared
}

interface FlagOptions {
  short?: string
}

function single<V>(value: string, doc: string, { short }: FlagOptions, otherwise: V, read: (text: string) => V): Flag<V> {
  return {
    value,
    doc,
    short,
    required: false,
    read: (texts) => {
      const text = texts.at(-1)
      return text === undefined ? otherwise : read(text)
    },
  }
}

export const flag = {
  /** On or off. */
  toggle: (doc: string, { short }: FlagOptions = {}): Flag<boolean> => ({
    value: undefined,
    doc,
    short,
    required: false,
    read: (texts) => texts.length > 0,
  }),

  text: <D extends string | undefined = undefined>(
    value: string,
    doc: string,
    options: FlagOptions & { otherwise?: D } = {},
  ): Flag<string | D> => single<string | D>(value, doc, options, options.otherwise as D, (text) => text),

  /** Must be given. */
  required: (value: string, doc: string, options: FlagOptions = {}): Flag<string> => ({
    ...single(value, doc, options, '', (text) => text),
    required: true,
  }),

  /** May be given several times. */
  list: (value: string, doc: string, { short }: FlagOptions = {}): Flag<readonly string[]> => ({
    value,
    doc,
    short,
    required: false,
    read: (texts) => texts,
  }),

  integer: <D extends number | undefined = undefined>(
    value: string,
    doc: string,
    options: FlagOptions & { otherwise?: D; min?: number; max?: number } = {},
  ): Flag<number | D> => single<number | D>(value, doc, options, options.otherwise as D, (text) => integerIn(text, options)),

  /** May be given several times. */
  integers: (value: string, doc: string, options: FlagOptions & { min?: number; max?: number } = {}): Flag<readonly number[]> => ({
    value,
    doc,
    short: options.short,
    required: false,
    read: (texts) => texts.map((text) => integerIn(text, options)),
  }),

  choice: <const Word extends string, const D extends NoInfer<Word> | undefined = undefined>(
    words: readonly Word[],
    doc: string,
    options: FlagOptions & { otherwise?: D } = {},
  ): Flag<Word | D> => single<Word | D>(words.join('|'), doc, options, options.otherwise as D, (text) => oneOf(text, words)),

  /** `name=value`, as often as wanted. */
  pairs: (value: string, doc: string, { short }: FlagOptions = {}): Flag<ReadonlyMap<string, string>> => ({
    value,
    doc,
    short,
    required: false,
    read: (texts) => new Map(texts.map(pair)),
  }),
}

export const operand = {
  one: (value: string, doc: string): Operand<string> => ({ value, doc, least: 1, most: 1, read: ([text]) => text as string }),
  optional: (value: string, doc: string): Operand<string | undefined> => ({ value, doc, least: 0, most: 1, read: ([text]) => text }),
  /** One or more. */
  some: (value: string, doc: string): Operand<readonly string[]> => ({
    value,
    doc,
    least: 1,
    most: Number.POSITIVE_INFINITY,
    read: (texts) => texts,
  }),
  /** Any number. */
  any: (value: string, doc: string): Operand<readonly string[]> => ({
    value,
    doc,
    least: 0,
    most: Number.POSITIVE_INFINITY,
    read: (texts) => texts,
  }),
}

function integerIn(text: string, { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number }): number {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new BadValue(
    `a whole number${min > Number.MIN_SAFE_INTEGER ? ` of at least ${min}` : ''}${max < Number.MAX_SAFE_INTEGER ? ` and at most ${max}` : ''}`,
  )
}

function oneOf<Word extends string>(text: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === text)
  if (found === undefined) throw new BadValue(`one of ${words.join(', ')}`)
  return found
}

function pair(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw new BadValue('name=value')
  return [text.slice(0, at), text.slice(at + 1)]
}
