/**
 * The JavaScript text of a decoder for one version of a message: one function, loops where the message has arrays, no calls but
 * for text. Fields of fixed width that stand side by side share one bounds check.
 * Invariants: no read past the cursor's end; no allocation larger than the bytes that are there could fill; every object has all
 * fields of the declaration in its order, so that all versions share a shape.
 */
import { defaultText, fixedSize, isCompact, isNullable, type Layout, layoutOf, type Mode, partsOf, sizeMin } from './layout.ts'
import { malformed, noBytes, stringBytesMax, text, truncated, uuid } from './reader.ts'
import type { Field, Fields, Message } from './schema.ts'

/** What the text may call, by these names. */
export const decoderScope = { malformed, noBytes, text, truncated, uuid }

export function decoderSource(message: Message, version: number, mode: Mode): string {
  const source = new DecoderSource(layoutOf(message, version, mode))
  const value = source.struct(message.fields, `${message.name} v${version}`)
  return `return function decode${message.name}V${version}(cursor) {
const b = cursor.buffer, end = cursor.end
let p = cursor.position, n = 0
${source.lines.join('\n')}
cursor.position = p
return ${value}
}`
}

class DecoderSource {
  readonly lines: string[] = []
  readonly #layout: Layout
  #names = 0

  constructor(layout: Layout) {
    this.#layout = layout
  }

  /** Emits the reading of a struct and returns the text of the object. */
  struct(fields: Fields, path: string): string {
    const { plain, tagged, absent } = partsOf(fields, this.#layout)
    const values = new Map<string, string>()
    this.#plain(plain, path, values)
    if (this.#layout.flexible) this.#tagSection(tagged, path, values)
    for (const [name, field] of absent) values.set(name, defaultText(field, this.#layout))
    return `{ ${Object.keys(fields)
      .map((name) => `${name}: ${values.get(name)}`)
      .join(', ')} }`
  }

  #plain(plain: [string, Field][], path: string, values: Map<string, string>): void {
    for (let i = 0; i < plain.length; ) {
      const run = fixedRun(plain.slice(i))
      if (run.length > 0) this.#fixed(run, path, values)
      else {
        const [name, field] = plain[i] as [string, Field]
        values.set(name, this.#variable(field, `${path}.${name}`))
      }
      i += Math.max(run.length, 1)
    }
  }

  #fixed(run: [string, Field][], path: string, values: Map<string, string>): void {
    const size = run.reduce((sum, [, field]) => sum + fixedSize[field.kind], 0)
    this.#emit(`if (p + ${size} > end) throw truncated('${path}.${run[0]?.[0]}', p)`)
    let at = 0
    for (const [name, field] of run) {
      const value = this.#name()
      this.#emit(`const ${value} = ${fixedText(field, at, this.#layout.exact)}`)
      values.set(name, value)
      at += fixedSize[field.kind]
    }
    this.#emit(`p += ${size}`)
  }

  /** Emits the reading of one value of any kind, and returns its name. */
  #variable(field: Field, path: string): string {
    const value = this.#name()
    if (fixedSize[field.kind] > 0) {
      this.#emit(`if (p + ${fixedSize[field.kind]} > end) throw truncated('${path}', p)`)
      this.#emit(`const ${value} = ${fixedText(field, 0, this.#layout.exact)}; p += ${fixedSize[field.kind]}`)
      return value
    }
    this.#emit(`let ${value}`)
    if (field.kind === 'struct') this.#structValue(field, path, value)
    else {
      this.#length(field, path)
      this.#emit(isNullable(field, this.#layout) ? `if (n < 0) ${value} = null` : `if (n < 0) throw malformed('${path}', 'is null', p)`)
      this.#emit('else {')
      this.#sized(field, path, value)
      this.#emit('}')
    }
    return value
  }

  #structValue(field: Field, path: string, value: string): void {
    if (!isNullable(field, this.#layout)) {
      this.#emit(`${value} = ${this.struct(field.fields as Fields, path)}`)
      return
    }
    // As a tagged field, the mark of a struct that may be null is a varint.
    if (field.tag !== undefined) this.#uvarint(path)
    else this.#emit(`if (p >= end) throw truncated('${path}', p)`, 'n = b[p++] < 128 ? 1 : 0')
    this.#emit(`if (n === 0) ${value} = null`, 'else {')
    this.#emit(`${value} = ${this.struct(field.fields as Fields, path)}`, '}')
  }

  /** Leaves the length that comes next in `n`, below zero for null. */
  #length(field: Field, path: string): void {
    if (isCompact(field, this.#layout)) {
      this.#uvarint(path)
      this.#emit('n--')
      return
    }
    const size = field.kind === 'string' ? 2 : 4
    this.#emit(`if (p + ${size} > end) throw truncated('${path}', p)`)
    this.#emit(size === 2 ? `n = ${int16Text(0)}` : `n = ${int32Text(0)}`, `p += ${size}`)
  }

  #sized(field: Field, path: string, value: string): void {
    if (field.kind === 'array') {
      this.#elements(field.element as Field, path, value)
      return
    }
    this.#emit(`if (n > end - p) throw truncated('${path}', p)`)
    if (field.kind === 'string') {
      this.#emit(`if (n > ${stringBytesMax}) throw malformed('${path}', 'is longer than ${stringBytesMax} bytes', p)`)
      this.#emit(`${value} = text(b, p, n)`)
    } else this.#emit(`${value} = b.subarray(p, p + n)`)
    this.#emit('p += n')
  }

  #elements(element: Field, path: string, value: string): void {
    const size = Math.max(sizeMin(element, this.#layout), 1)
    const count = this.#name()
    this.#emit(`if (n * ${size} > end - p) throw truncated('${path}', p)`)
    this.#emit(`${value} = []`, `for (let ${count} = n; ${count} > 0; ${count}--) {`)
    const item = element.kind === 'struct' ? this.struct(element.fields as Fields, `${path}[]`) : this.#variable(element, `${path}[]`)
    this.#emit(`${value}.push(${item})`, '}')
  }

  #tagSection(tagged: [string, Field][], path: string, values: Map<string, string>): void {
    for (const [name, field] of tagged) {
      const value = this.#name()
      values.set(name, value)
      this.#emit(`let ${value} = ${defaultText(field, this.#layout)}`)
    }
    const count = this.#name()
    const tagEnd = this.#name()
    const tag = this.#name()
    this.#uvarint(`${path} tags`)
    this.#emit(`for (let ${count} = n; ${count} > 0; ${count}--) {`)
    this.#uvarint(`${path} tags`)
    this.#emit(`const ${tag} = n`)
    this.#uvarint(`${path} tags`)
    this.#emit(`if (n > end - p) throw truncated('${path} tags', p)`, `const ${tagEnd} = p + n`)
    for (const [name, field] of tagged) {
      this.#emit(`if (${tag} === ${field.tag}) {`)
      this.#emit(`${values.get(name)} = ${this.#variable(field, `${path}.${name}`)}`)
      this.#emit(`if (p !== ${tagEnd}) throw malformed('${path}.${name}', 'differs from its tag in size', p)`, '}')
    }
    this.#emit(`p = ${tagEnd}`, '}')
  }

  #uvarint(path: string): void {
    this.#emit(`if (p >= end) throw truncated('${path}', p)`)
    this.#emit('n = b[p++]', 'if (n > 127) { cursor.position = p - 1; n = cursor.uvarint(); p = cursor.position }')
  }

  #emit(...lines: string[]): void {
    this.lines.push(...lines)
  }

  #name(): string {
    return `v${this.#names++}`
  }
}

function fixedRun(fields: [string, Field][]): [string, Field][] {
  const end = fields.findIndex(([, { kind }]) => fixedSize[kind] === 0)
  return end < 0 ? fields : fields.slice(0, end)
}

/** The value of a field of fixed width that stands `at` bytes further on. */
function fixedText({ kind }: Field, at: number, exact: boolean): string {
  switch (kind) {
    case 'bool':
      return `b[p + ${at}] !== 0`
    case 'int8':
      return `b[p + ${at}] << 24 >> 24`
    case 'int16':
      return int16Text(at)
    case 'uint16':
      return `b[p + ${at}] << 8 | b[p + ${at + 1}]`
    case 'int32':
      return int32Text(at)
    case 'uint32':
      return `(${int32Text(at)}) >>> 0`
    case 'int64':
      return exact ? `b.readBigInt64BE(p + ${at})` : `(${int32Text(at)}) * 4294967296 + ((${int32Text(at + 4)}) >>> 0)`
    case 'float64':
      return `b.readDoubleBE(p + ${at})`
    default:
      return `uuid(b, p + ${at})`
  }
}

function int16Text(at: number): string {
  return `b[p + ${at}] << 24 >> 16 | b[p + ${at + 1}]`
}

function int32Text(at: number): string {
  return `b[p + ${at}] << 24 | b[p + ${at + 1}] << 16 | b[p + ${at + 2}] << 8 | b[p + ${at + 3}]`
}
