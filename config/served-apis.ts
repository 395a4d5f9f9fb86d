/**
 * What a broker listener serves, as people read it: a section of `broker/ARCHITECTURE.md`, made from the table of APIs.
 * Every API of Kafka's broker listeners is in it: with the versions that are served, or with what it waits for.
 */
import { servedApis } from '../broker/api/table.ts'
import { apis } from '../client/protocol/apis.ts'

/** Of listeners that clients do not reach: controllers' own, and Kafka's brokers asking its controllers. */
const elsewhere: ReadonlySet<number> = new Set([52, 53, 54, 56, 58, 59, 62, 63, 67, 70, 73, 82])

const reasons: readonly (readonly [waitsFor: string, keys: readonly number[]])[] = [
  ['authentication', [17, 36]],
  ['access control', [29, 30, 31]],
  ['SCRAM credentials in the metadata', [50, 51]],
  ['delegation tokens', [38, 39, 40, 41]],
  ['quotas', [48, 49]],
  ['clusters: replicas that move', [45]],
  ['clusters: a quorum, and brokers that leave it', [55, 64, 80, 81, 94]],
  ['share groups', [76, 77, 78, 79, 83, 84, 85, 86, 87, 90, 91, 92]],
  ['streams groups', [88, 89, 93]],
  ["clients' metrics: Kafka advertises these only with a plugin that takes them", [71, 72]],
]

const begin = '<!-- served APIs: made by config/served-apis.ts -->'
const end = '<!-- end of served APIs -->'

/** Throws where an API is neither served nor has a reason, or is and has one. */
export function servedSection(): string {
  const served = servedApis()
  const waiting = new Map(reasons.flatMap(([reason, keys]) => keys.map((key) => [key, reason] as const)))
  const rows = [...apis].flatMap(([key, { name }]) => {
    const versions = served.get(key)?.versions
    const reason = waiting.get(key)
    if ([versions, reason, elsewhere.has(key) || undefined].filter((one) => one !== undefined).length !== 1) {
      throw new Error(`${name} (${key}) must be served, wait for something, or be of no broker listener: one of them`)
    }
    if (elsewhere.has(key)) return []
    return [`| ${key} | ${name} | ${versions ? versionsText(versions) : `not yet: ${reason}`} |`]
  })
  return [begin, '| key | API | versions served |', '|---|---|---|', ...rows, end].join('\n')
}

function versionsText([first, last]: readonly [number, number]): string {
  return first === last ? String(first) : `${first}–${last}`
}

/** The page with the section as it must be. */
export function withServedSection(page: string): string {
  const from = page.indexOf(begin)
  const to = page.indexOf(end)
  if (from < 0 || to < from) throw new Error('the page has no place for the served APIs')
  return page.slice(0, from) + servedSection() + page.slice(to + end.length)
}
