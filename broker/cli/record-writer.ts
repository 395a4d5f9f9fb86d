/**
 * Records as `consume` writes them: text by its layout or a template, JSON, or nothing but values.
 * On a terminal what comes from a record is made visible, so that it cannot drive it, and fields stand out by colour where there is any.
 * Pure: it makes bytes, and writes none.
 */
import type { ReadRecord } from '../../client/index.ts'
import { type Format, unescaped, writeJson } from './record-format.ts'
import { visible } from './table.ts'
import { fieldPiece, literal, type Piece } from './template.ts'

export interface RecordLayout {
  readonly format: Format
  /** With text: instead of all that follows. */
  readonly template: readonly Piece[] | undefined
  readonly places: boolean
  readonly headers: boolean
  readonly keys: boolean
  readonly keySeparator: string
  /** With text: what is written for a key or a value that is not there. */
  readonly null: string | undefined
  readonly base64: boolean
}

export interface Surface {
  readonly isTerminal: boolean
  readonly colours: boolean
}

export type RecordWriter = (records: readonly ReadRecord[]) => string | Buffer

export function recordWriter(layout: RecordLayout, { isTerminal, colours }: Surface): RecordWriter {
  const { format, base64 } = layout
  if (format === 'json') return (records) => records.map((record) => writeJson(record, base64)).join('')
  if (format === 'raw') return (records) => Buffer.concat(records.flatMap(({ value }) => value ?? []))
  const pieces = (layout.template ?? textPieces(layout)).map((piece) =>
    layout.null === undefined ? piece : told(piece, Buffer.from(layout.null)),
  )
  if (isTerminal) return (records) => records.map((record) => shown(record, pieces, colours)).join('')
  return (records) => {
    const chunks: Uint8Array[] = []
    for (const record of records) for (const piece of pieces) chunks.push(piece.bytes(record))
    return Buffer.concat(chunks)
  }
}

function textPieces({ places, headers, keys, keySeparator }: RecordLayout): Piece[] {
  const tab = literal('\t')
  return [
    ...(places ? ['partition', 'offset', 'time'].flatMap((name) => [fieldPiece(name), tab]) : []),
    ...(headers ? [fieldPiece('headers'), tab] : []),
    ...(keys ? [fieldPiece('key'), literal(unescaped(keySeparator))] : []),
    fieldPiece('value'),
    literal('\n'),
  ]
}

/** A piece that says where there is nothing. */
function told(piece: Piece, nothing: Buffer): Piece {
  const { field } = piece
  if (field !== 'key' && field !== 'value') return piece
  return { field, bytes: (record) => (record[field] === null ? nothing : piece.bytes(record)) }
}

function shown(record: ReadRecord, pieces: readonly Piece[], colours: boolean): string {
  return pieces
    .map(({ field, bytes }) => {
      const text = Buffer.from(bytes(record)).toString()
      return field === undefined ? text : coloured(visible(text), field, colours)
    })
    .join('')
}

const cyan = '\u001b[36m'
const faint = '\u001b[2m'
const plain = '\u001b[0m'

function coloured(text: string, field: string, colours: boolean): string {
  if (!colours || text === '' || field === 'value') return text
  return `${field === 'key' ? cyan : faint}${text}${plain}`
}
