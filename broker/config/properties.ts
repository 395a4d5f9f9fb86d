/**
 * Java's properties format, as java.util.Properties reads it.
 * `name=value`, `name: value` or `name value`; `#` and `!` begin comments; a backslash before a line's end joins it with the next; `\t \n \r \f \uXXXX` and any other escaped character stand for themselves.
 */

export interface Property {
  name: string
  value: string
  /** Where it begins, counted from 1. */
  line: number
}

/** Throws a SyntaxError that names the line. */
export function parseProperties(text: string): Property[] {
  return logicalLines(text).map(({ content, line }) => {
    const { name, value } = split(content)
    return { name: unescape(name, line), value: unescape(value, line), line }
  })
}

interface LogicalLine {
  content: string
  line: number
}

/** Comments and blank lines gone, continued lines joined. */
function logicalLines(text: string): LogicalLine[] {
  const found: LogicalLine[] = []
  let open: LogicalLine | undefined
  for (const [index, raw] of text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\r|\n/)
    .entries()) {
    const content = raw.replace(/^[ \t\f]+/, '')
    if (!open && (content === '' || content.startsWith('#') || content.startsWith('!'))) continue
    const continues = endsInOpenBackslash(content)
    const part = continues ? content.slice(0, -1) : content
    open = open ? { content: open.content + part, line: open.line } : { content: part, line: index + 1 }
    if (continues) continue
    found.push(open)
    open = undefined
  }
  if (open) found.push(open)
  return found
}

function endsInOpenBackslash(content: string): boolean {
  const backslashes = /\\+$/.exec(content)
  return backslashes !== null && backslashes[0].length % 2 === 1
}

/** The name ends at the first separator that no backslash stands before: blanks, and at most one `=` or `:` among them. */
function split(content: string): { name: string; value: string } {
  const name = /^(?:\\.|[^\\=: \t\f])*/s.exec(content)?.[0] ?? ''
  const rest = content.slice(name.length)
  return { name, value: rest.replace(/^[ \t\f]*[=:]?[ \t\f]*/, '') }
}

const escapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' }

function unescape(text: string, line: number): string {
  if (!text.includes('\\')) return text
  return text.replace(/\\(u[0-9a-fA-F]{4}|.?)/gs, (_, escaped: string) => {
    if (escaped.length === 5) return String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
    if (escaped === 'u') throw new SyntaxError(`line ${line}: \\u must be followed by four hexadecimal digits`)
    return escapes[escaped] ?? escaped
  })
}
