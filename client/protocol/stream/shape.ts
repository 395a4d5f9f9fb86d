/**
 * What a message of the stream protocol must look like, as values: each shape checks one thing and gives it back typed.
 * Types are inferred from the shapes, so a message is declared once. Unknown fields are passed over: a newer peer may send more.
 * Bytes are bytes in MessagePack; in JSON a string stands for its UTF-8, and `{ "base64": "…" }` for any others.
 */

/** A peer's mistake, in words that name the field. */
export class BadMessage extends Error {
  override readonly name = 'BadMessage'
}

/** Throws where the value isn't so. */
export type Shape<T> = (value: unknown) => T
export type Of<S> = S extends Shape<infer T> ? T : never

const encoder = new TextEncoder()

/** On its way out it learns where it was: paths are made for mistakes only. */
class Misfit extends Error {
  readonly expected: string
  path = ''

  constructor(expected: string) {
    super(expected)
    this.expected = expected
  }
}

function bad(expected: string): never {
  throw new Misfit(expected)
}

/** @param step a field's name, or an index. */
function within<T>(shape: Shape<T>, value: unknown, step: string | number): T {
  try {
    return shape(value)
  } catch (error) {
    if (error instanceof Misfit) error.path = (typeof step === 'number' ? `[${step}]` : `.${step}`) + error.path
    throw error
  }
}

export function text(max: number): Shape<string> {
  return (value) => (typeof value === 'string' && value.length <= max ? value : bad(`a string of at most ${max} characters`))
}

export function int(min: number, max = Number.MAX_SAFE_INTEGER): Shape<number> {
  return (value) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
      ? (value as number)
      : bad(`an integer from ${min} to ${max}`)
}

export const flag: Shape<boolean> = (value) => (typeof value === 'boolean' ? value : bad('true or false'))

export function oneOf<const V extends string>(...values: readonly V[]): Shape<V> {
  return (value) => (values.includes(value as V) ? (value as V) : bad(`one of ${values.join(', ')}`))
}

export const bytes: Shape<Uint8Array> = (value) => {
  if (value instanceof Uint8Array) return value
  if (typeof value === 'string') return encoder.encode(value)
  const { base64 } = (value ?? {}) as { base64?: unknown }
  if (typeof base64 !== 'string') return bad('bytes: a string, or { base64 }')
  return fromBase64(base64) ?? bad('base64')
}

function fromBase64(coded: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(coded), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}

export function list<T>(shape: Shape<T>, max: number): Shape<T[]> {
  return (value) => {
    if (!Array.isArray(value) || value.length > max) return bad(`a list of at most ${max}`)
    return value.map((item, index) => within(shape, item, index))
  }
}

export function pair<A, B>(first: Shape<A>, second: Shape<B>): Shape<readonly [A, B]> {
  return (value) => {
    if (!Array.isArray(value) || value.length !== 2) return bad('a pair')
    return [within(first, value[0], 0), within(second, value[1], 1)]
  }
}

export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return (value) => (value === null ? null : shape(value))
}

/** In an object: the field may be left out. */
export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value) => (value === undefined ? undefined : shape(value))
}

export function either<A, B>(first: Shape<A>, isFirst: (value: unknown) => boolean, second: Shape<B>): Shape<A | B> {
  return (value) => (isFirst(value) ? first(value) : second(value))
}

type Fields = Record<string, Shape<unknown>>
type OptionalKeys<F extends Fields> = { [K in keyof F]: undefined extends Of<F[K]> ? K : never }[keyof F]
type Flat<T> = { [K in keyof T]: T[K] }
export type ObjectOf<F extends Fields> = Flat<
  { readonly [K in Exclude<keyof F, OptionalKeys<F>>]: Of<F[K]> } & { readonly [K in OptionalKeys<F>]?: Exclude<Of<F[K]>, undefined> }
>

export function object<F extends Fields>(fields: F): Shape<ObjectOf<F>> {
  const entries = Object.entries(fields)
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) return bad('an object')
    const given = value as Record<string, unknown>
    const checked: Record<string, unknown> = {}
    for (const [name, shape] of entries) {
      const field = within(shape, Object.hasOwn(given, name) ? given[name] : undefined, name)
      if (field !== undefined) checked[name] = field
    }
    return checked as ObjectOf<F>
  }
}

type Messages = Record<string, Shape<object>>
export type MessageOf<M extends Messages> = { [K in keyof M & string]: Flat<{ readonly type: K } & Of<M[K]>> }[keyof M & string]

/** A message of one of these types. Throws BadMessage. */
export function readMessage<M extends Messages>(messages: M, value: unknown): MessageOf<M> {
  const { type } = (value ?? {}) as { type?: unknown }
  const shape = typeof type === 'string' && Object.hasOwn(messages, type) ? messages[type] : undefined
  if (!shape) throw new BadMessage(`type must be one of ${Object.keys(messages).join(', ')}`)
  try {
    return { type, ...shape(value) } as unknown as MessageOf<M>
  } catch (error) {
    if (error instanceof Misfit) throw new BadMessage(`${type as string}${error.path} must be ${error.expected}`)
    throw error
  }
}
