/** Numbers as people read them. */

const binary = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** `1.5 MiB`. */
export function bytesText(bytes: number): string {
  let value = bytes
  let unit = 0
  while (Math.abs(value) >= 1024 && unit < binary.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 || Math.abs(value) >= 100 ? Math.round(value) : value.toFixed(1)} ${binary[unit]}`
}

/** `1,234,567`. */
export function countText(count: number): string {
  return count.toLocaleString('en-US')
}

/** `[#####-----]`. */
export function barText(share: number, columns: number): string {
  const filled = Math.round(share * columns)
  return `[${'#'.repeat(filled)}${'-'.repeat(columns - filled)}]`
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const

/** `2 d 3 h`: at most two units; below a second in milliseconds. */
export function durationText(millis: number): string {
  if (millis < 1000) return `${Math.round(millis)} ms`
  const parts: string[] = []
  let left = millis
  for (const [unit, size] of units) {
    const count = Math.floor(left / size)
    left -= count * size
    if (count > 0) parts.push(`${count} ${unit}`)
    else if (parts.length > 0) break
    if (parts.length === 2) break
  }
  return parts.join(' ')
}
