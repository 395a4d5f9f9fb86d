/**
 * Pages that read: everything from the beginning by cursors that outlive the page, one key only, or as a member of a group.
 * Each holds what it is given against what it knows: no record twice, none left out, in order. What a group owes its members is the checker's.
 */
import type { Cursor } from '../../../client/protocol/stream/client-messages.ts'
import { ClientError } from '../../../client/network/client-error.ts'
import { text } from '../../../client/serde/serde.ts'
import type { StreamConsumer } from '../../../client/stream/consumer.ts'
import type { StreamGroup } from '../checkers/stream-group.ts'
import { type StreamHistory, WritersInOrder } from '../checkers/stream-history.ts'
import { Violation } from '../violation.ts'
import type { StreamPage } from './stream-page.ts'

export interface Shelf {
  readonly topic: string
  readonly history: StreamHistory
  newPage(name: string): StreamPage
}

/** Reads `count` records from the beginning; now and then its page is loaded anew, and goes on at the cursors that the one before kept. */
export async function readAll({ topic, history, newPage }: Shelf, count: number): Promise<void> {
  let cursors: readonly Cursor[] = []
  const nextOf = new Map<number, number>()
  const order = new WritersInOrder()
  for (let left = count; left > 0; ) {
    const page = newPage('reader')
    const consumer = page.client.consumer({ topics: [topic], from: 'beginning', cursors, value: text, maxBytes: 600 })
    for await (const { partition, offset, value } of consumer) {
      const next = nextOf.get(partition) ?? 0
      if (offset !== next) throw new Violation(1, `the reader was given ${partition}@${offset} where ${next} comes next`)
      nextOf.set(partition, next + 1)
      order.check(partition, value)
      history.read(partition, offset, value)
      cursors = consumer.cursors()
      if (--left === 0 || page.random.chance(0.01)) break
      if (page.random.chance(0.05)) await page.sleep(page.random.magnitude(10, 1_000_000))
    }
    page.kill()
  }
}

/** Reads the `count` records that have the key, and no others. */
export async function readKey({ topic, history, newPage }: Shelf, wanted: string, count: number): Promise<void> {
  const page = newPage('key reader')
  const keys = [new TextEncoder().encode(wanted)]
  const consumer = page.client.consumer({ topics: [topic], from: 'beginning', keys, key: text, value: text, maxBytes: 2_000 })
  const last = new Map<number, number>()
  let left = count
  for await (const { partition, offset, key, value } of consumer) {
    if (key !== wanted) throw new Violation(1, `who reads ${wanted} was given ${partition}@${offset}, of key ${key}`)
    if (offset <= (last.get(partition) ?? -1)) throw new Violation(1, `who reads a key was given ${partition}@${offset} again`)
    last.set(partition, offset)
    history.read(partition, offset, value)
    if (--left === 0) break
  }
  await page.client.close()
}

/** Of one group: they come, and leave, die, or stay until all is read. */
export class StreamMembers {
  readonly #shelf: Shelf
  readonly #group: StreamGroup
  readonly #count: number
  readonly #open = new Set<StreamConsumer<unknown, string | null>>()
  #isOver = false

  /** @param count how many records there will be. */
  constructor(shelf: Shelf, group: StreamGroup, count: number) {
    this.#shelf = shelf
    this.#group = group
    this.#count = count
  }

  /** One member after another, in one place. Resolves when the group has been given everything. */
  async run(name: string): Promise<void> {
    while (!this.#isOver) {
      const page = this.#shelf.newPage(name)
      await Promise.race([this.#attend(page), page.dead])
      page.kill()
      if (!this.#isOver) await page.sleep(page.random.magnitude(1_000, 500_000))
    }
  }

  async #attend(page: StreamPage): Promise<void> {
    const { random } = page
    await page.sleep(random.magnitude(100, 300_000))
    if (this.#isOver) return
    const expected = new Map<number, number>()
    /** Where a connection broke. */
    const commitsItself = random.chance(0.5)
    const consumer = page.client.consumer({
      topics: [this.#shelf.topic],
      group: 'pages',
      from: 'beginning',
      value: text,
      maxBytes: random.pick([300, 3_000]),
      autoCommit: commitsItself && { everyMs: random.magnitude(10, 1_000) },
      onAssigned: (cursors) => this.#assigned(expected, cursors),
      onRevoked: (places) => {
        for (const { partition } of places) expected.delete(partition)
      },
    })
    this.#open.add(consumer)
    const stays = random.chance(0.2) ? Number.POSITIVE_INFINITY : random.between(1, 30)
    const dies = random.chance(0.5)
    try {
      await this.#take(page, consumer, { expected, commitsItself, stays })
    } finally {
      this.#open.delete(consumer)
    }
    if (dies && !this.#isOver) page.kill()
    else await page.client.close()
  }

  /** What this page was given before is not given to it again, on whatever connection. */
  #assigned(expected: Map<number, number>, cursors: readonly Cursor[]): void {
    for (const { partition, offset } of cursors) {
      const before = expected.get(partition)
      if (before !== undefined && offset < before)
        throw new Violation(1, `a member that had come to ${partition}@${before} was given it from ${offset} again`)
      expected.set(partition, offset)
    }
  }

  async #take(
    page: StreamPage,
    consumer: StreamConsumer<unknown, string | null>,
    { expected, commitsItself, stays }: { expected: Map<number, number>; commitsItself: boolean; stays: number },
  ): Promise<void> {
    const { random } = page
    let taken = 0
    for await (const { topic, partition, offset, value } of consumer) {
      if (offset !== expected.get(partition))
        throw new Violation(1, `a member was given ${partition}@${offset} where ${expected.get(partition)} comes next`)
      expected.set(partition, offset + 1)
      this.#shelf.history.read(partition, offset, value)
      this.#group.took({ topic, partition, offset })
      if (this.#group.givenCount >= this.#count) this.#finish()
      if (++taken >= stays) return
      if (random.chance(0.1)) await page.sleep(random.magnitude(10, 500_000))
      if (!commitsItself && random.chance(0.2)) await this.#commit(consumer)
    }
  }

  async #commit(consumer: StreamConsumer<unknown, string | null>): Promise<void> {
    try {
      await consumer.commit()
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
    }
  }

  #finish(): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const consumer of this.#open) void consumer.close()
  }
}
