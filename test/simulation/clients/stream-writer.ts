/**
 * Pages that write: each record once and in its partition's order, whatever breaks, and none told written that isn't.
 * Owns: what is to be sent, drawn beforehand, so that readers know when they have all of it.
 */
import { text } from '../../../client/serde/serde.ts'
import type { StreamHistory } from '../checkers/stream-history.ts'
import type { SeededRandom } from '../platform/random.ts'
import type { StreamPage } from './stream-page.ts'

export interface Send {
  readonly partition: number
  readonly key: string
  readonly value: string
}

/** Longer than any world takes: no record is given up. */
const deliveryTimeoutMs = 3_600_000

export function drawSends(random: SeededRandom, writer: string, partitions: number): Send[] {
  const counts = Array.from({ length: partitions }, () => 0)
  const longest = random.pick([4, 4, 200, 1500])
  return Array.from({ length: random.between(10, 120) }, () => {
    const partition = random.below(partitions)
    const nth = counts[partition] as number
    counts[partition] = nth + 1
    return { partition, key: random.pick(['a', 'b', 'c']), value: `${writer}:${nth}:${'x'.repeat(random.below(longest))}` }
  })
}

export async function write(page: StreamPage, topic: string, sends: readonly Send[], history: StreamHistory): Promise<void> {
  const producer = page.client.producer({ key: text, value: text, deliveryTimeoutMs })
  const told: Promise<void>[] = []
  for (const { partition, key, value } of sends) {
    const sent = producer.send(topic, { partition, key, value })
    told.push(sent.then(({ offset }) => history.acknowledged(partition, offset, value)))
    if (page.random.chance(0.3)) await page.sleep(page.random.magnitude(10, 300_000))
  }
  await Promise.all(told)
}
