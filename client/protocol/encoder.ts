/**
 * The JavaScript text of an encoder for one version of a message: one function, loops where the message has arrays.
 * Fields of fixed width that stand side by side share one check for room. A field that is missing (undefined) takes its default;
 * one that the version lacks must hold its default, unless it is ignorable; one that does not fit its type is refused.
 */
import assert from 'node:assert/strict'
import { defaultText, fixedSize, isCompact, isNullable, type Layout, layoutOf, type Mode, partsOf } from './layout.ts'
import { noBytes } from './reader.ts'
import type { Field, Fields, Message } from './schema.ts'
import { writeUvarint } from './varint.ts'
import { invalid, lost, putCompactString, putInt64, putInt64Exact, putString, putUuid, roomFor, sizeOfRecords } from './writer.ts'

/** What the text may call, by these names. */
export const encoderScope = {
  invalid,
  lost,
  putCompactString,
  putInt64,
  putInt64Exact,
  putString,
  putUuid,
  roomFor,
  sizeOfRecords,
  noBytes,
  writeUvarint,
}

export function encoderSource(message: Message, version: number, mode: Mode): string {
  const source = new EncoderSource(layoutOf(message, version, mode))
  source.struct('value', message.fields, `${message.name} v${version}`)
  return `return function encode${message.name}V${version}(writer, value) {
let b = writer.buffer, p = writer.position, room = b.length
${source.lines.join('\n')}
writer.position = p
}`
}

const reload = 'b = writer.buffer; p = writer.position; room = b.length'

class EncoderSource {
  readonly lines: string[] = []
  readonly #layout: Layout
  #names = 0

  constructor(layout: Layout) {
    this.#layout = layout
  }

  struct(from: string, fields: Fields, path: string): void {
    const { plain, tagged, absent } = partsOf(fields, this.#layout)
    for (const [name, field] of absent) this.#absent(`${from}.${name}`, field, `${path}.${name}`)
    for (let i = 0; i < plain.length; ) {
      const end = plain.findIndex(([, { kind }], at) => at >= i && fixedSize[kind] === 0)
      const run = plain.slice(i, end < 0 ? plain.length : end)
      if (run.length > 0) this.#fixed(from, run, path)
      else {
        const [name, field] = plain[i] as [string, Field]
        this.#variable(this.#take(`${from}.${name}`, field), field, `${path}.${name}`)
      }
      i += Math.max(run.length, 1)
    }
    if (this.#layout.flexible) this.#tagSection(from, tagged, path)
  }

  #absent(value: string, field: Field, path: string): void {
    if (field.ignorable) return
    this.#emit(`if (${isSet(value, field, this.#layout)}) throw lost('${path}', ${this.#layout.version})`)
  }

  #fixed(from: string, run: [string, Field][], path: string): void {
    this.#room(String(run.reduce((sum, [, field]) => sum + fixedSize[field.kind], 0)))
    for (const [name, field] of run) this.#put(this.#take(`${from}.${name}`, field), field, `${path}.${name}`)
  }

  /** The value, or the field's default where it is undefined, under a name of its own. */
  #take(value: string, field: Field): string {
    const name = this.#name()
    this.#emit(`let ${name} = ${value}`, `if (${name} === undefined) ${name} = ${defaultText(field, this.#layout)}`)
    return name
  }

  /** Writes a value of fixed width; the room is there. */
  #put(value: string, { kind }: Field, path: string): void {
    const at = `'${path}'`
    const refuse = (test: string) => this.#emit(`if (${test}) throw invalid(${at}, ${value})`)
    switch (kind) {
      case 'bool':
        refuse(`typeof ${value} !== 'boolean'`)
        this.#emit(`b[p++] = ${value} ? 1 : 0`)
        break
      case 'int8':
        refuse(`${value} << 24 >> 24 !== ${value}`)
        this.#emit(`b[p++] = ${value}`)
        break
      case 'int16':
        refuse(`${value} << 16 >> 16 !== ${value}`)
        this.#bytes(value, 2)
        break
      case 'uint16':
        refuse(`(${value} & 0xffff) !== ${value}`)
        this.#bytes(value, 2)
        break
      case 'int32':
        refuse(`(${value} | 0) !== ${value}`)
        this.#bytes(value, 4)
        break
      case 'uint32':
        refuse(`${value} >>> 0 !== ${value}`)
        this.#bytes(value, 4)
        break
      case 'int64':
        this.#emit(this.#layout.exact ? `p = putInt64Exact(b, p, ${value})` : `p = putInt64(b, p, ${value}, ${at})`)
        break
      case 'float64':
        this.#emit(`p = b.writeDoubleBE(${value}, p)`)
        break
      default:
        this.#emit(`p = putUuid(b, p, ${value}, ${at})`)
    }
  }

  #bytes(value: string, size: 2 | 4): void {
    const parts = size === 2 ? ['>>> 8', ''] : ['>>> 24', '>>> 16', '>>> 8', '']
    this.#emit(`${parts.map((shift, i) => `b[p + ${i}] = ${value} ${shift}`).join('; ')}; p += ${size}`)
  }

  #variable(value: string, field: Field, path: string): void {
    if (field.kind === 'struct' && !isNullable(field, this.#layout)) {
      this.struct(value, field.fields as Fields, path)
      return
    }
    this.#emit(`if (${value} === null) {`)
    if (isNullable(field, this.#layout)) this.#null(field)
    else this.#emit(`throw invalid('${path}', null)`)
    this.#emit('} else {')
    this.#present(value, field, path)
    this.#emit('}')
  }

  #null(field: Field): void {
    this.#room('4')
    // As a tagged field, the mark of a struct that may be null is a varint.
    if (field.kind === 'struct') this.#emit(`b[p++] = ${field.tag === undefined ? 255 : 0}`)
    else if (isCompact(field, this.#layout)) this.#emit('b[p++] = 0')
    else this.#bytes('-1', field.kind === 'string' ? 2 : 4)
  }

  #present(value: string, field: Field, path: string): void {
    switch (field.kind) {
      case 'struct':
        this.#room('1')
        this.#emit('b[p++] = 1')
        this.struct(value, field.fields as Fields, path)
        break
      case 'string': {
        const put = isCompact(field, this.#layout) ? 'putCompactString' : 'putString'
        this.#emit(`if (typeof ${value} !== 'string') throw invalid('${path}', ${value})`)
        this.#room(`roomFor(${value})`)
        this.#emit(`p = ${put}(b, p, ${value}, '${path}')`)
        break
      }
      case 'array':
        this.#length(`${value}.length`, field)
        this.#elements(value, field.element as Field, path)
        break
      default: {
        const size = field.kind === 'records' ? `sizeOfRecords(${value})` : `${value}.length`
        this.#length(size, field)
        this.#emit(`writer.position = p; writer.${field.kind}(${value}); ${reload}`)
      }
    }
  }

  #length(length: string, field: Field): void {
    this.#room('5')
    if (isCompact(field, this.#layout)) {
      const size = this.#name()
      this.#emit(`const ${size} = ${length} + 1`, `if (${size} < 128) b[p++] = ${size}; else p = writeUvarint(b, p, ${size})`)
    } else {
      const size = this.#name()
      this.#emit(`const ${size} = ${length}`)
      this.#bytes(size, 4)
    }
  }

  #elements(array: string, element: Field, path: string): void {
    const index = this.#name()
    const item = this.#name()
    this.#emit(`for (let ${index} = 0; ${index} < ${array}.length; ${index}++) {`, `const ${item} = ${array}[${index}]`)
    if (fixedSize[element.kind] > 0) {
      this.#room(String(fixedSize[element.kind]))
      this.#put(item, element, `${path}[]`)
    } else this.#variable(item, element, `${path}[]`)
    this.#emit('}')
  }

  #tagSection(from: string, tagged: [string, Field][], path: string): void {
    this.#room('5')
    if (tagged.length === 0) {
      this.#emit('b[p++] = 0')
      return
    }
    const set = tagged.map(([name, field]) => {
      const flag = this.#name()
      this.#emit(`const ${flag} = ${isSet(`${from}.${name}`, field, this.#layout)}`)
      return flag
    })
    this.#emit(`b[p++] = ${set.map((flag) => `(${flag} ? 1 : 0)`).join(' + ')}`)
    tagged.forEach(([name, field], i) => {
      this.#tag(`${from}.${name}`, set[i] as string, field, `${path}.${name}`)
    })
  }

  #tag(value: string, flag: string, field: Field, path: string): void {
    assert(field.kind !== 'records', 'a tag has its size before it, which records by reference would split')
    const mark = this.#name()
    this.#emit(`if (${flag}) {`)
    this.#room('32')
    this.#emit(`b[p++] = ${field.tag}`, `writer.position = p; const ${mark} = writer.mark(); p++`)
    const taken = this.#take(value, field)
    if (fixedSize[field.kind] > 0) this.#put(taken, field, path)
    else this.#variable(taken, field, path)
    this.#emit(`writer.position = p; writer.closeTag(${mark}); ${reload}`, '}')
  }

  #room(bytes: string): void {
    const size = /^\d+$/.test(bytes) ? bytes : this.#name()
    if (size !== bytes) this.#emit(`const ${size} = ${bytes}`)
    this.#emit(`if (p + ${size} > room) { writer.position = p; writer.grow(${size}); ${reload} }`)
  }

  #emit(...lines: string[]): void {
    this.lines.push(...lines)
  }

  #name(): string {
    return `v${this.#names++}`
  }
}

/** A test, as text, whether a field differs from its default. */
function isSet(value: string, field: Field, layout: Layout): string {
  if (field.kind === 'array' || field.kind === 'bytes' || field.kind === 'records') {
    if (field.default === null) return `(${value} !== undefined && ${value} !== null)`
    return `(${value} !== undefined && (${value} === null || ${value}.length !== 0))`
  }
  if (field.kind === 'struct' && field.default !== null) {
    const inner = Object.entries(field.fields as Fields).map(([name, child]) => isSet(`${value}.${name}`, child, layout))
    return `(${value} !== undefined && (${value} === null || ${inner.join(' || ') || 'false'}))`
  }
  // In exact mode a number is as good as a bigint: compared loosely.
  const differs = field.kind === 'int64' && layout.exact ? '!=' : '!=='
  return `(${value} !== undefined && ${value} ${differs} ${defaultText(field, layout)})`
}
