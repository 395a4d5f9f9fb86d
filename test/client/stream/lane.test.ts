/** A lane against a log that counts as Kafka's does, over answers that come late, in trouble, or never. */
import t from 'tap'
import fc from 'fast-check'
import { ClientError } from '../../../client/network/client-error.ts'
import type { ServerMessage } from '../../../client/protocol/stream/server-messages.ts'
import { Lane, type LaneShell, type Publish } from '../../../client/stream/lane.ts'

/** One partition as the log has it: a producer's batches in sequence, the last five known again. */
class FakeLog {
  readonly values: number[] = []
  readonly #batches = new Map<number, { sequence: number; count: number; offset: number }[]>()
  ids = 0

  append({ records, producer }: Publish, { isTooLarge }: { isTooLarge: (value: number) => boolean }): number | string {
    const { id = 0, sequence = 0 } = producer ?? {}
    const known = this.#batches.get(id) ?? []
    const again = known.slice(-5).find((batch) => batch.sequence === sequence && batch.count === records.length)
    if (again) return again.offset
    const values = records.map(valueOf)
    if (values.some(isTooLarge)) return 'MESSAGE_TOO_LARGE'
    const last = known.at(-1)
    // As Kafka does: of a producer it doesn't know it takes any number.
    if (last && last.sequence + last.count !== sequence) return 'OUT_OF_ORDER_SEQUENCE_NUMBER'
    const offset = this.values.length
    this.values.push(...values)
    this.#batches.set(id, [...known, { sequence, count: records.length, offset }])
    return offset
  }
}

const valueOf = ({ record }: Publish['records'][number]) => Number(new TextDecoder().decode(record.value as Uint8Array))

type Fate = 'answered' | 'answer lost' | 'lost' | 'busy'

t.test('each record once and in order, whatever becomes of connections and answers', async (t) => {
  const fate = fc.constantFrom<Fate>('answered', 'answered', 'answered', 'answer lost', 'lost', 'busy')
  const plan = fc.record({
    count: fc.integer({ min: 1, max: 60 }),
    fates: fc.array(fate, { maxLength: 40 }),
    tooLarge: fc.uniqueArray(fc.integer({ min: 0, max: 59 }), { maxLength: 4 }),
  })
  await fc.assert(
    fc.asyncProperty(plan, async ({ count, fates, tooLarge }) => {
      const log = new FakeLog()
      const rows = [...fates]
      const outcomes = new Map<number, number | ClientError>()
      const timers: (() => void)[] = []
      const lost = () => new ClientError('CONNECTION_LOST', 'lost', { retriable: true })
      const shell: LaneShell = {
        isOpen: true,
        bytesMax: 256 * 1024,
        identify: async () => ({ id: log.ids++, epoch: 0 }),
        publish: (publish) => {
          const row = rows.shift() ?? 'answered'
          // A server takes what comes on a connection in its order.
          const outcome =
            row === 'lost'
              ? undefined
              : row === 'busy'
                ? 'NOT_ENOUGH_REPLICAS'
                : log.append(publish, { isTooLarge: (value) => tooLarge.includes(value) })
          if (row === 'lost' || row === 'answer lost') return Promise.reject(lost())
          if (typeof outcome === 'string')
            return Promise.reject(new ClientError(outcome, outcome, { retriable: outcome === 'NOT_ENOUGH_REPLICAS' }))
          return Promise.resolve({ type: 'published', request: 0, offset: outcome, timestamp: -1 } as ServerMessage)
        },
        later: (act) => void timers.push(act),
      }
      const lane = new Lane(shell)
      for (let value = 0; value < count; value++) {
        const record = { value: new TextEncoder().encode(String(value)) }
        lane.add({ record, bytes: 40_000, deadline: Infinity, settle: (outcome) => void outcomes.set(value, outcome) })
        if (value % 7 === 0) lane.pump()
      }
      lane.pump()
      for (let turn = 0; turn < 2000 && !lane.isEmpty; turn++) {
        await new Promise<void>((resolve) => setImmediate(resolve))
        for (const act of timers.splice(0)) act()
      }
      const wanted = Array.from({ length: count }, (_, value) => value).filter((value) => !tooLarge.includes(value))
      if (log.values.join() !== wanted.join()) throw new Error(`the log has ${log.values.join()}`)
      for (let value = 0; value < count; value++) {
        const outcome = outcomes.get(value)
        if (tooLarge.includes(value) !== outcome instanceof ClientError) throw new Error(`${value} ended with ${String(outcome)}`)
        if (typeof outcome === 'number' && log.values[outcome] !== value) throw new Error(`${value} is not at ${outcome}`)
      }
    }),
    { numRuns: 300 },
  )
  t.pass()
})

t.test('what is late is given up, and told how', async (t) => {
  const outcomes: string[] = []
  const settle = (outcome: number | ClientError) => void outcomes.push(outcome instanceof ClientError ? outcome.message : String(outcome))
  const shell: LaneShell = {
    isOpen: true,
    bytesMax: 256 * 1024,
    identify: async () => ({ id: 1, epoch: 0 }),
    publish: () => Promise.reject(new ClientError('CONNECTION_LOST', 'lost', { retriable: true })),
    later: () => undefined,
  }
  const lane = new Lane(shell)
  lane.add({ record: { value: null }, bytes: 300_000, deadline: 10, settle })
  lane.add({ record: { value: null }, bytes: 300_000, deadline: 10, settle })
  lane.pump()
  await new Promise<void>((resolve) => setImmediate(resolve))
  lane.expire(9)
  t.strictSame(outcomes, [])
  lane.expire(10)
  t.match(outcomes.sort(), [/may have been written/, /was not sent/])
  t.ok(lane.isEmpty)
})
