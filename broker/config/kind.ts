/**
 * The kinds of value that a setting can have: what text is allowed, what it means, and how it is written back.
 * A kind knows nothing of names or places; whoever asked for the value says where it stood.
 */

/** The types that Kafka's clients know; DescribeConfigs tells them. */
export type KindName = 'boolean' | 'int' | 'short' | 'long' | 'double' | 'string' | 'list' | 'class' | 'password'

export interface Kind<V> {
  readonly type: KindName
  readonly default: V
  /** Ends the sentence "must be …". */
  readonly allowed: string
  /** Throws InvalidValue. */
  parse(text: string): V
  /** As Kafka writes it back; null where there is no value. */
  format(value: V): string | null
}

/** The text is not allowed; `message` says why in the words that Kafka's tools show. */
export class InvalidValue extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'InvalidValue'
  }
}

interface Range {
  min?: number
  max?: number
  /** Allowed besides the range. */
  or?: number
}

const int32Max = 2 ** 31 - 1
const int64Max = 2n ** 63n - 1n
/** The nearest that a number comes to Kafka's "no limit", 2^63 - 1. */
export const longMax = Number(int64Max)

export function boolean(initially: boolean): Kind<boolean> {
  return {
    type: 'boolean',
    default: initially,
    allowed: 'true or false',
    parse(text) {
      const word = text.trim().toLowerCase()
      if (word !== 'true' && word !== 'false') throw new InvalidValue('Expected value to be either true or false')
      return word === 'true'
    },
    format: String,
  }
}

export function int<D extends number | null>(initially: D, range: Range = {}): Kind<number | D> {
  return integer('int', initially, range, BigInt(int32Max))
}

export function short(initially: number, range: Range = {}): Kind<number> {
  return integer('short', initially, range, 2n ** 15n - 1n)
}

/** A long beyond 2^53 becomes the nearest number; 2^63 - 1 keeps its place as "no limit". */
export function long<D extends number | null>(initially: D, range: Range = {}): Kind<number | D> {
  return integer('long', initially, range, int64Max)
}

function integer<D extends number | null>(type: 'int' | 'short' | 'long', initially: D, range: Range, largest: bigint): Kind<number | D> {
  return {
    type,
    default: initially,
    allowed: `an integer${described(range)}`,
    parse(text) {
      const digits = text.trim()
      if (!/^[+-]?\d{1,19}$/.test(digits)) throw new InvalidValue(`Not a number of type ${type.toUpperCase()}`)
      const exact = BigInt(digits.replace('+', ''))
      if (exact > largest || exact < -largest - 1n) throw new InvalidValue(`Not a number of type ${type.toUpperCase()}`)
      const value = Number(exact)
      checkRange(value, range)
      return value
    },
    format: (value) => (value === null ? null : integerText(value)),
  }
}

function integerText(value: number): string {
  return value >= longMax ? String(int64Max) : BigInt(value).toString()
}

export function double(initially: number, range: Range = {}): Kind<number> {
  return {
    type: 'double',
    default: initially,
    allowed: `a number${described(range)}`,
    parse(text) {
      const value = Number(text.trim() === '' ? Number.NaN : text)
      if (Number.isNaN(value)) throw new InvalidValue('Not a number of type DOUBLE')
      checkRange(value, range)
      return value
    },
    format: (value) => (Number.isInteger(value) && value < 1e7 ? `${value}.0` : String(value).replace('e+', 'E').replace('e', 'E')),
  }
}

function described({ min, max, or }: Range): string {
  const besides = or === undefined ? '' : `, or ${or}`
  if (min !== undefined && max !== undefined) return ` from ${integerText(min)} to ${integerText(max)}${besides}`
  if (min !== undefined) return ` of at least ${integerText(min)}${besides}`
  return max === undefined ? '' : ` of at most ${integerText(max)}${besides}`
}

function checkRange(value: number, { min, max, or }: Range): void {
  if (value === or) return
  if (or !== undefined && min !== undefined && max !== undefined) {
    if (value < min || value > max) throw new InvalidValue(`Value must be between ${min} and ${max} or equal to ${or}`)
    return
  }
  if (min !== undefined && value < min) throw new InvalidValue(`Value must be at least ${min}`)
  if (max !== undefined && value > max) throw new InvalidValue(`Value must be no more than ${max}`)
}

export function oneOf<const Word extends string>(initially: NoInfer<Word>, words: readonly Word[]): Kind<Word> {
  return {
    type: 'string',
    default: initially,
    allowed: `one of ${words.join(', ')}`,
    parse(text) {
      const found = words.find((word) => word === text.trim())
      if (found === undefined) throw new InvalidValue(`String must be one of: ${words.join(', ')}`)
      return found
    },
    format: String,
  }
}

/** The words of a kind, in letters of either case. */
export function anyCase<V>(kind: Kind<V>): Kind<V> {
  return { ...kind, parse: (text) => kind.parse(text.toLowerCase()) }
}

interface TextRules {
  /** Ends the sentence "must be …". */
  allowed?: string
  /** Says what is wrong with it, if anything. */
  check?(text: string): string | undefined
}

export function string<D extends string | null>(initially: D, { allowed = 'text', check }: TextRules = {}): Kind<string | D> {
  return {
    type: 'string',
    default: initially,
    allowed,
    parse(text) {
      const value = text.trim()
      const wrong = check?.(value)
      if (wrong !== undefined) throw new InvalidValue(wrong)
      return value
    },
    format: (value) => value,
  }
}

interface ListRules {
  allowed?: string
  among?: readonly string[]
  check?(parts: readonly string[]): string | undefined
}

export function list(initially: readonly string[], { allowed, among, check }: ListRules = {}): Kind<readonly string[]> {
  return {
    type: 'list',
    default: initially,
    allowed: allowed ?? (among ? `a comma-separated list of ${among.join(', ')}` : 'a comma-separated list'),
    parse(text) {
      const parts = text.trim() === '' ? [] : [...new Set(text.split(',').map((part) => part.trim()))]
      if (parts.includes('')) throw new InvalidValue('values must not be empty')
      const foreign = among && parts.find((part) => !among.includes(part))
      if (foreign !== undefined) throw new InvalidValue(`String must be one of: ${among?.join(', ')}`)
      const wrong = check?.(parts)
      if (wrong !== undefined) throw new InvalidValue(wrong)
      return parts
    },
    format: (parts) => parts.join(','),
  }
}
