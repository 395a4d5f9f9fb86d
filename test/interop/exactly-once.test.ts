/**
 * Consume, transform, produce: pipes of each client that knows transactions carry a topic's records to another one while they are killed and
 * stopped past their session. Readers of committed records find each record once, whatever was done to those that carried it.
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import t, { type Test } from 'tap'
import { aptRecords } from '../support/apt-records.ts'
import { full, missing } from './cache.ts'
import type { LinePeer } from './peers/peer.ts'
import { recordsFile, recordsIn } from './peers/reading.ts'
import { confluent, franzGo, java, javaPeer, kafkajs, type LineEntry, present } from './peers/roster.ts'
import { noTarget, startTarget, temporaryDirectory } from './target.ts'
import { until } from './until.ts'

/** Java, which every run needs as its reader, is the costliest to start anew. The short form has the first that is here. */
const clients: readonly LineEntry[] = full ? [franzGo, confluent, java] : present([franzGo, confluent, java]).here.slice(0, 1)

const partitions = 4
const records = aptRecords(full ? 20_000 : 2000, { headers: false }).map((record, nth) => ({
  ...record,
  value: Buffer.from(`record ${nth}`),
}))
/** Records per transaction, at most. */
const size = '20'
const session = '3000'
const rounds = full ? 6 : 2

t.test('exactly once', { skip: noTarget || missing('kafka', 'java', 'npm'), timeout: full ? 900_000 : 120_000 }, async (t) => {
  const target = await startTarget({ settings: { 'group.initial.rebalance.delay.ms': '0', 'group.min.session.timeout.ms': '1000' } })
  const home = temporaryDirectory()
  const admin = kafkajs(target.bootstrap)
  const reader = javaPeer(target.bootstrap)
  t.teardown(async () => {
    await Promise.all([admin.close(), reader.close()])
    await target.close()
    fs.rmSync(home, { recursive: true, force: true })
  })
  const topic = async (name: string): Promise<string> => {
    const named = `${name}-${process.pid}`
    await admin.ask({ op: 'create', topic: named, partitions: String(partitions), 'retention.ms': '-1' })
    return named
  }
  const committed = (of: string, into?: string) =>
    reader.read({
      topic: of,
      partitions,
      from: { from: 'beginning' },
      isolation: 'read_committed',
      ...(into === undefined ? {} : { into }),
    })

  for (const client of clients) {
    await t.test(client.name, { skip: missing(...client.needs) }, async (t) => {
      const [from, to] = [await topic(`${client.name}-from`), await topic(`${client.name}-to`)]
      const pipes = [0, 1].map((nth) => new Pipe(t, { client, bootstrap: target.bootstrap, from, to, id: `${client.name}-${nth}` }))
      const file = path.join(home, `${client.name}.in`)
      const partSize = Math.ceil(records.length / rounds)
      await Promise.all(pipes.map((pipe) => pipe.start()))
      for (let round = 0; round < rounds; round++) {
        const { count: before } = await committed(to)
        fs.writeFileSync(file, recordsFile(records.slice(round * partSize, (round + 1) * partSize)))
        await admin.produce({ topic: from, codec: 'none', file })
        await until(
          'some of the new records to be carried over',
          () => committed(to),
          ({ count }) => count > before,
        )
        const pipe = pipes[round % 2] as Pipe
        if (round % 2 === 0) await pipe.killed()
        else await pipe.stopped(Number(session) * 2)
      }
      await until(
        `${records.length} records to be carried over`,
        () => committed(to),
        ({ count }) => count >= records.length,
        120_000,
      )
      t.comment(`pipes: ${JSON.stringify(await Promise.all(pipes.map((pipe) => pipe.state())))}`)
      await Promise.all(pipes.map((pipe) => pipe.end()))
      const into = path.join(home, `${client.name}.out`)
      await committed(to, into)
      const values = (some: Iterable<{ value: Buffer }>) => [...some].map(({ value }) => value.toString()).sort()
      t.same(values(recordsIn(fs.readFileSync(into))), values(records), 'each record is there once')
    })
  }
})

interface Ends {
  readonly client: LineEntry
  readonly bootstrap: string
  readonly from: string
  readonly to: string
  readonly id: string
}

/** One transactional id, whose process comes and goes. */
class Pipe {
  readonly #ends: Ends
  #peer: LinePeer | undefined

  constructor(t: Test, ends: Ends) {
    this.#ends = ends
    t.teardown(() => this.end())
  }

  async start(): Promise<void> {
    const { client, bootstrap, from, to, id } = this.#ends
    this.#peer = client.start(bootstrap)
    await this.#peer.ask({ op: 'pipe', group: `${from}-group`, from, to, id, size, session })
  }

  async killed(): Promise<void> {
    await this.end()
    await this.start()
  }

  /** So long that the group goes on without it; it wakes up with a transaction that is no longer its to commit. */
  async stopped(millis: number): Promise<void> {
    this.#peer?.signal('SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, millis))
    this.#peer?.signal('SIGCONT')
  }

  async state(): Promise<Record<string, string>> {
    return (await this.#peer?.ask({ op: 'piped' })) ?? {}
  }

  async end(): Promise<void> {
    await this.#peer?.kill()
  }
}
