/** A JSON log line, rewritten for people: `08:31:07.123 WARN  message  field=value …`. Lines that are no JSON pass unchanged. */

const colourOf: Record<string, number> = { fatal: 31, error: 31, warn: 33, info: 32, debug: 90, trace: 90 }

export function textLine(line: string, colours: boolean): string {
  let parsed: Record<string, unknown>
  try {
    parsed = JSON.parse(line) as Record<string, unknown>
  } catch {
    return line
  }
  const { level, time, msg, err, ...fields } = parsed
  const word = String(level)
  const label = paint(word.toUpperCase().padEnd(5), colours ? colourOf[word] : undefined)
  const facts = Object.entries(fields).map(([name, value]) => `${paint(name, colours ? 90 : undefined)}=${plain(value)}`)
  const stack = typeof err === 'object' && err !== null && 'stack' in err ? `\n${String(err.stack)}` : ''
  return `${[clockTime(String(time)), label, typeof msg === 'string' ? msg : '', ...facts].join(' ')}${stack}\n`
}

function clockTime(iso: string): string {
  return iso.slice(11, 23)
}

function paint(text: string, colour: number | undefined): string {
  return colour === undefined ? text : `\u001b[${colour}m${text}\u001b[39m`
}

function plain(value: unknown): string {
  if (typeof value === 'string') return /^[^\s="]+$/.test(value) ? value : JSON.stringify(value)
  return JSON.stringify(value)
}
