/**
 * The text of `max.connections.per.ip.overrides`: `10.0.0.7:200, [::1]:50`. Addresses only: unlike Kafka, Stele looks no names up.
 */
const entry = /^\s*(?:\[([0-9a-fA-F:.]+)\]|((?:\d{1,3}\.){3}\d{1,3})):(\d{1,9})\s*$/

const entriesOf = (text: string): string[] => (text.trim() === '' ? [] : text.split(','))

/** What is wrong with it, if anything. */
export function connectionOverridesFault(text: string): string | undefined {
  const wrong = entriesOf(text).find((part) => !entry.test(part))
  return wrong === undefined ? undefined : `'${wrong.trim()}' is not address:count`
}

/** Of a text without fault: how many connections each address may have. */
export function connectionOverrides(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const part of entriesOf(text)) {
    const [, ipv6, ipv4, count] = entry.exec(part) ?? []
    counts.set((ipv6 ?? ipv4 ?? '').toLowerCase(), Number(count))
  }
  return counts
}
