/**
 * Rows as text: aligned columns on a terminal, tab-separated lines elsewhere, so that cut and awk work; titles first in both.
 * Pure. Control characters in a cell are made visible: a topic or client name must not be able to drive someone's terminal.
 */
import type { Stream } from './terminal.ts'

export interface Column<Row> {
  title: string
  /** Numbers stand to the right. */
  align?: 'right'
  cell(row: Row): string | number | null | undefined
}

export function tableText<Row>(
  columns: readonly Column<Row>[],
  rows: Iterable<Row>,
  { isTerminal }: Pick<Stream, 'isTerminal'>,
  colours = false,
): string {
  const cells = [...rows].map((row) => columns.map(({ cell }) => visible(cell(row))))
  const titles = columns.map(({ title }) => title)
  if (!isTerminal) return [titles, ...cells].map((line) => `${line.join('\t')}\n`).join('')
  const widths = columns.map((_, index) => Math.max(...[titles, ...cells].map((line) => width(line[index] as string))))
  const line = (texts: readonly string[]) =>
    texts
      .map((text, index) => padded(text, widths[index] as number, columns[index]?.align))
      .join('  ')
      .trimEnd()
  const heading = line(titles)
  return `${[colours ? `\u001b[1m${heading}\u001b[22m` : heading, ...cells.map(line)].join('\n')}\n`
}

/** An absent value is a dash; control characters are written as escapes. */
export function visible(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return '-'
  return String(value).replace(
    /\p{Cc}/gu,
    (character) => escapes[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r' }

function padded(text: string, to: number, align: 'right' | undefined): string {
  const gap = ' '.repeat(Math.max(0, to - width(text)))
  return align === 'right' ? gap + text : text + gap
}

/** Characters of two columns (Chinese, Japanese, Korean, most emoji) count twice. */
function width(text: string): number {
  if (ascii.test(text)) return text.length
  let columns = 0
  for (const { segment } of new Intl.Segmenter().segment(text)) columns += wide.test(segment) ? 2 : 1
  return columns
}

const ascii = /^[ -~]*$/
const wide = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
