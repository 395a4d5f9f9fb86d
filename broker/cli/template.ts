/**
 * A record's line as people draw it: text with fields in braces, `{partition}:{offset} {key}={value}`.
 * Pure. Owns: the names of the fields, and how a template is read, once; what it gives is bytes, as they are in the record.
 */
import type { ReadRecord } from '../../client/index.ts'
import { BadValue } from './command.ts'
import { unescaped } from './record-format.ts'

/** One part of a line: what is drawn, or what comes from the record. */
export interface Piece {
  /** Undefined where it is drawn. */
  readonly field: string | undefined
  bytes(record: ReadRecord): Uint8Array
}

const nothing = Buffer.alloc(0)

const fields: Readonly<Record<string, (record: ReadRecord) => Uint8Array>> = {
  topic: ({ topic }) => Buffer.from(topic),
  partition: ({ partition }) => Buffer.from(String(partition)),
  offset: ({ offset }) => Buffer.from(String(offset)),
  timestamp: ({ timestamp }) => Buffer.from(String(timestamp)),
  time: ({ timestamp }) => Buffer.from(timeText(timestamp)),
  key: ({ key }) => key ?? nothing,
  value: ({ value }) => value ?? nothing,
  headers: ({ headers }) => Buffer.from(headersText(headers)),
  size: ({ key, value }) => Buffer.from(String((key?.length ?? 0) + (value?.length ?? 0))),
}

/** A line feed stands behind it, unless it ends in one, or in \0. Throws BadValue. */
export function readTemplate(text: string): Piece[] {
  const pieces: Piece[] = []
  let drawn = ''
  const draw = () => {
    if (drawn !== '') pieces.push(literal(drawn))
    drawn = ''
  }
  for (const [part, escaped, field] of text.matchAll(/\\(.)|\{([^{}]*)\}|\{\{|\}\}|[^\\{}]+|[^]/g)) {
    if (escaped !== undefined) drawn += unescaped(part)
    else if (field !== undefined) {
      draw()
      pieces.push(fieldPiece(field))
    } else drawn += part === '{{' || part === '}}' ? part.charAt(0) : part
  }
  if (!/[\n\0]$/.test(drawn)) drawn += '\n'
  draw()
  return pieces
}

export function literal(text: string): Piece {
  const bytes = Buffer.from(text)
  return { field: undefined, bytes: () => bytes }
}

/** Throws BadValue. */
export function fieldPiece(name: string): Piece {
  const bytes = Object.hasOwn(fields, name) ? fields[name] : undefined
  if (bytes) return { field: name, bytes }
  const known = Object.keys(fields).map((field) => `{${field}}`)
  throw new BadValue(`text with fields among ${known.join(', ')} ({{ for a brace)`)
}

/** ISO 8601; a dash where the record has no time. */
function timeText(timestamp: number): string {
  return timestamp < 0 || timestamp > 8.64e15 ? '-' : new Date(timestamp).toISOString()
}

/** `name:value,name:value`. */
function headersText(headers: ReadRecord['headers']): string {
  return headers.map(([name, content]) => `${name}:${content?.toString() ?? ''}`).join(',')
}
