/**
 * What a declaration means in one version: which fields stand where, how wide they are, what stands for a field that is not there.
 * Owns: these facts, for the encoder and the decoder both. Never: reads or writes bytes.
 */
import { emptyArray, emptyBytes, emptyStruct, type Field, type Fields, int64Max, type Kind, type Message } from './schema.ts'
import { within } from './versions.ts'

/** In number mode int64 is a number; in exact mode a bigint, for those who must lose nothing. */
export type Mode = 'number' | 'exact'

export interface Layout {
  readonly name: string
  readonly version: number
  readonly flexible: boolean
  readonly exact: boolean
}

export function layoutOf(message: Message, version: number, mode: Mode): Layout {
  return { name: message.name, version, flexible: within(message.flexible, version), exact: mode === 'exact' }
}

/** Bytes of the kinds that always take the same; 0 for the others. */
export const fixedSize: { readonly [K in Kind]: number } = {
  bool: 1,
  int8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  float64: 8,
  uuid: 16,
  string: 0,
  bytes: 0,
  records: 0,
  array: 0,
  struct: 0,
}

export interface Parts {
  /** Fields in their places, in order. */
  readonly plain: [name: string, field: Field][]
  /** Fields of the tag section, by rising tag. */
  readonly tagged: [name: string, field: Field][]
  /** Fields that this version does not have. */
  readonly absent: [name: string, field: Field][]
}

export function partsOf(fields: Fields, { version }: Layout): Parts {
  const parts: Parts = { plain: [], tagged: [], absent: [] }
  for (const [name, field] of Object.entries(fields)) {
    if (!within(field.versions, version)) parts.absent.push([name, field])
    else if (field.tag !== undefined) parts.tagged.push([name, field])
    else parts.plain.push([name, field])
  }
  parts.tagged.sort(([, a], [, b]) => (a.tag as number) - (b.tag as number))
  return parts
}

/** Whether lengths of this field are unsigned varints, one too high. */
export function isCompact(field: Field, { flexible }: Layout): boolean {
  return flexible && !field.neverCompact
}

export function isNullable(field: Field, { version }: Layout): boolean {
  return within(field.nullable, version)
}

/** The fewest bytes that a value of this field can take where it stands, tag sections included. */
export function sizeMin(field: Field, layout: Layout): number {
  const { kind } = field
  if (fixedSize[kind] > 0) return fixedSize[kind]
  if (kind === 'struct') return isNullable(field, layout) ? 1 : structSizeMin(field.fields as Fields, layout)
  if (isCompact(field, layout)) return 1
  return kind === 'string' ? 2 : 4
}

function structSizeMin(fields: Fields, layout: Layout): number {
  const plain = partsOf(fields, layout).plain.reduce((sum, [, field]) => sum + sizeMin(field, layout), 0)
  return layout.flexible ? plain + 1 : plain
}

/** JavaScript text of what the field holds when nobody gave it a value: fresh at each evaluation. */
export function defaultText(field: Field, layout: Layout): string {
  const value = field.default
  if (value === null) return 'null'
  if (value === emptyBytes) return 'noBytes'
  if (value === emptyArray || field.kind === 'array') return '[]'
  if (value === emptyStruct || field.kind === 'struct') {
    return `{ ${Object.entries(field.fields as Fields)
      .map(([name, inner]) => `${name}: ${defaultText(inner, layout)}`)
      .join(', ')} }`
  }
  if (field.kind === 'int64' && layout.exact) return value === int64Max ? '0x7fffffffffffffffn' : `${value as number}n`
  return JSON.stringify(value)
}
