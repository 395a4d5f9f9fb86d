/**
 * What a message of the stream protocol must look like, as values: each shape checks one thing and gives it back typed.
 * Types are inferred from the shapes, so a message is declared once. Unknown fields are passed over: a newer peer may send more.
 * Bytes are bytes in MessagePack; in JSON a string stands for its UTF-8, and `{ "base64": "…" }` for any others.
 */

/** A peer's mistake, in words that name the field. */
export class BadMessage extends Error {
  override readonly name = 'BadMessage'
}

export type Shape<T> = (value: unknown, at: string) => T
export type Of<S> = S extends Shape<infer T> ? T : never

const encoder = new TextEncoder()

function bad(at: string, expected: string): never {
  throw new BadMessage(`${at} must be ${expected}`)
}

export function text(max: number): Shape<string> {
  return (value, at) => (typeof value === 'string' && value.length <= max ? value : bad(at, `a string of at most ${max} characters`))
}

export function int(min: number, max = Number.MAX_SAFE_INTEGER): Shape<number> {
  return (value, at) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
      ? (value as number)
      : bad(at, `an integer from ${min} to ${max}`)
}

export const flag: Shape<boolean> = (value, at) => (typeof value === 'boolean' ? value : bad(at, 'true or false'))

export function oneOf<const V extends string>(...values: readonly V[]): Shape<V> {
  return (value, at) => (values.includes(value as V) ? (value as V) : bad(at, `one of ${values.join(', ')}`))
}

export const bytes: Shape<Uint8Array> = (value, at) => {
  if (value instanceof Uint8Array) return value
  if (typeof value === 'string') return encoder.encode(value)
  const { base64 } = (value ?? {}) as { base64?: unknown }
  if (typeof base64 !== 'string') return bad(at, 'bytes: a string, or { base64 }')
  return fromBase64(base64) ?? bad(at, 'base64')
}

function fromBase64(coded: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(coded), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}

export function list<T>(shape: Shape<T>, max: number): Shape<T[]> {
  return (value, at) => {
    if (!Array.isArray(value) || value.length > max) return bad(at, `a list of at most ${max}`)
    return value.map((item, index) => shape(item, `${at}[${index}]`))
  }
}

export function pair<A, B>(first: Shape<A>, second: Shape<B>): Shape<readonly [A, B]> {
  return (value, at) => {
    if (!Array.isArray(value) || value.length !== 2) return bad(at, 'a pair')
    return [first(value[0], `${at}[0]`), second(value[1], `${at}[1]`)]
  }
}

export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return (value, at) => (value === null ? null : shape(value, at))
}

/** In an object: the field may be left out. */
export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value, at) => (value === undefined ? undefined : shape(value, at))
}

export function either<A, B>(first: Shape<A>, isFirst: (value: unknown) => boolean, second: Shape<B>): Shape<A | B> {
  return (value, at) => (isFirst(value) ? first(value, at) : second(value, at))
}

type Fields = Record<string, Shape<unknown>>
type OptionalKeys<F extends Fields> = { [K in keyof F]: undefined extends Of<F[K]> ? K : never }[keyof F]
type Flat<T> = { [K in keyof T]: T[K] }
export type ObjectOf<F extends Fields> = Flat<
  { readonly [K in Exclude<keyof F, OptionalKeys<F>>]: Of<F[K]> } & { readonly [K in OptionalKeys<F>]?: Exclude<Of<F[K]>, undefined> }
>

export function object<F extends Fields>(fields: F): Shape<ObjectOf<F>> {
  const entries = Object.entries(fields)
  return (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) return bad(at, 'an object')
    const given = value as Record<string, unknown>
    const checked: Record<string, unknown> = {}
    for (const [name, shape] of entries) {
      const field = shape(Object.hasOwn(given, name) ? given[name] : undefined, `${at}.${name}`)
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
  return { type, ...shape(value, type as string) } as unknown as MessageOf<M>
}
