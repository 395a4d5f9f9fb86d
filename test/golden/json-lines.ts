/** Lines of JSON with integers of up to 64 bits: those of 16 digits and more are read as bigint, which JSON.parse would round. */

const numbers = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g

export function parseExactly<T>(line: string): T {
  const marked = line.replace(numbers, (token) => (/^-?\d{16,}$/.test(token) ? `"${token}n"` : token))
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === 'string' && /^-?\d{16,}n$/.test(value) ? BigInt(value.slice(0, -1)) : value,
  )
}

export interface Verdict {
  passed: number
  /** Each begins with the number of its line, from 1: `12 Produce v3 edge: …`. */
  failures: string[]
}

/** Runs `checkLine` on every line; what it throws is the line's failure. */
export function checkLines<T>(lines: Iterable<string>, nameOf: (row: T) => string, checkLine: (row: T) => void): Verdict {
  const verdict: Verdict = { passed: 0, failures: [] }
  let number = 0
  for (const line of lines) {
    number++
    if (line === '') continue
    let name = 'is no JSON'
    try {
      const row = parseExactly<T>(line)
      name = nameOf(row)
      checkLine(row)
      verdict.passed++
    } catch (error) {
      const why = (error as Error).message.split('\n').slice(0, 8).join(' ').slice(0, 400)
      verdict.failures.push(`${number} ${name}: ${why}`)
    }
  }
  return verdict
}
