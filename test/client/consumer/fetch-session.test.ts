/** Properties of a fetch session: whatever is wanted and whatever goes wrong, the broker reads what is wanted and nothing else. */
import fc from 'fast-check'
import t from 'tap'
import { startBroker } from '../../../broker/index.ts'
import { FetchSession, type SessionItem, type SessionRequest } from '../../../client/consumer/fetch-session.ts'
import { ErrorCode } from '../../../client/protocol/errors.ts'
import { ConsumingStage, sorted, upTo } from '../../support/consuming.ts'
import { faultStage } from '../../support/faults/stage.ts'

/** What KIP-227 asks of a broker, with room for one session. */
class Broker {
  id = 0
  #epoch = 0
  #held = new Map<string, SessionItem>()
  #ids = 0
  readonly isFull: boolean

  constructor(isFull: boolean) {
    this.isFull = isFull
  }

  /** What it reads for this request, or how it refuses. */
  fetch({ sessionId, sessionEpoch, topics, forgotten }: SessionRequest): { errorCode: number; sessionId: number; reads: SessionItem[] } {
    if (sessionEpoch <= 0) {
      if (sessionId === this.id) this.evict()
      if (sessionEpoch < 0 || this.isFull) return { errorCode: ErrorCode.NONE, sessionId: 0, reads: [...topics] }
      this.id = ++this.#ids
      this.#epoch = 1
      this.#held = new Map(topics.map((item) => [nameOf(item), item]))
    } else if (sessionId !== this.id) return { errorCode: ErrorCode.FETCH_SESSION_ID_NOT_FOUND, sessionId: 0, reads: [] }
    else if (sessionEpoch !== this.#epoch) return { errorCode: ErrorCode.INVALID_FETCH_SESSION_EPOCH, sessionId: 0, reads: [] }
    else {
      this.#epoch++
      for (const item of topics) this.#held.set(nameOf(item), item)
      for (const item of forgotten) this.#held.delete(nameOf(item))
    }
    return { errorCode: ErrorCode.NONE, sessionId: this.id, reads: [...this.#held.values()] }
  }

  evict(): void {
    this.id = 0
    this.#held = new Map()
  }
}

const nameOf = ({ topicId, partition }: SessionItem): string => `${topicId}-${partition}`
const byPlace = (items: Iterable<SessionItem>): SessionItem[] => [...items].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))

const keys = Array.from({ length: 24 }, (_, partition) => ({ partition }))

type Wanted = ReadonlyMap<object, SessionItem>

const wanted = fc
  .record({
    which: fc.subarray(keys, { minLength: 1 }),
    offset: fc.nat(2),
    epoch: fc.nat(1),
    maxBytes: fc.constantFrom(10, 20),
    topicId: fc.constantFrom('a', 'a', 'a', 'b'),
  })
  .map(
    ({ which, offset, epoch, maxBytes, topicId }): Wanted =>
      new Map(
        which.map((key) => {
          // Some move on, others stay where they were.
          const fetchOffset = key.partition % 3 === 0 ? offset : 0
          return [
            key,
            { topic: 't', topicId, partition: key.partition, fetchOffset, currentLeaderEpoch: epoch, partitionMaxBytes: maxBytes },
          ]
        }),
      ),
  )

const fates = fc.constantFrom('heard', 'heard', 'heard', 'unheard', 'unanswered', 'evicted')

t.test('the broker reads what is wanted and nothing else, and what it has heard once is not said again', async () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(wanted, fates), { maxLength: 30 }), fc.boolean(), (rounds, isFull) => {
      const session = new FetchSession()
      const broker = new Broker(isFull)
      for (const [items, fate] of rounds) {
        if (fate === 'evicted') broker.evict()
        const wasOpen = session.isOpen
        const request = session.request(items)
        if (fate === 'unheard') session.failed()
        else if (fate === 'unanswered') {
          broker.fetch(request)
          session.failed()
        } else {
          const { errorCode, sessionId, reads } = broker.fetch(request)
          if (errorCode === ErrorCode.NONE) {
            session.answered(sessionId)
            if (JSON.stringify(byPlace(reads)) !== JSON.stringify(byPlace(items.values()))) return false
            const again = session.isOpen ? session.request(items).topics.length : 0
            if (again > 0) return false
            // That was not sent: the broker does not expect it.
          } else if (!wasOpen || !session.failed(errorCode)) return false
        }
      }
      return true
    }),
    { numRuns: 500 },
  )
})

t.test('who has little to say says it each time, and takes up no room', async (t) => {
  const session = new FetchSession()
  const items: Wanted = new Map([
    [{}, { topic: 't', topicId: 'a', partition: 0, fetchOffset: 0, currentLeaderEpoch: 0, partitionMaxBytes: 1 }],
  ])
  t.match(session.request(items), { sessionId: 0, sessionEpoch: -1, forgotten: [] })
  session.answered(0)
  t.notOk(session.isOpen)
})

t.test('a session that is refused the moment it is opened is not asked for at once', async (t) => {
  const session = new FetchSession()
  t.notOk(session.failed(ErrorCode.FETCH_SESSION_ID_NOT_FOUND))
})

t.test('a broker that refuses a session is asked in full, and nothing is lost or repeated', async (t) => {
  const proxy = await faultStage(t)
  const stage = new ConsumingStage(t, proxy.bootstrap)
  const partitions = 30
  const topic = await stage.topic({ partitions, records: partitions })
  const fetchKey = 1
  const refusals = [ErrorCode.FETCH_SESSION_ID_NOT_FOUND, ErrorCode.INVALID_FETCH_SESSION_EPOCH, ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR]
  const retries: string[] = []
  const stele = stage.client(t, { metrics: { retry: (error) => void retries.push(error) } })
  const member = stage.member({ topics: [topic], maxWaitMs: 20 }, stele)
  await member.until(({ values }) => values.length === partitions)
  let met = 0
  proxy.plan = (apiKey) => {
    const isRefused = apiKey === fetchKey && met++ % 4 === 2
    const errorCode = refusals[met % 3] ?? 0
    return isRefused ? { edit: (answer) => void Object.assign(answer, { errorCode, sessionId: 0, responses: [] }) } : undefined
  }
  for (let sent = partitions; sent < 3 * partitions; sent++) await stage.send(topic, { partitions, from: sent })
  await member.until(({ values }) => values.length >= 3 * partitions)
  t.same(sorted(member.values), upTo(3 * partitions))
  t.ok(met > 10, `${met} fetches`)
  t.same(retries, [], 'that is no failure')
})

t.test('who closes leaves room for a session of another one, and who finds none reads all the same', async (t) => {
  const broker = await startBroker({ settings: { 'max.incremental.fetch.session.cache.slots': 1 } })
  t.teardown(() => broker.close())
  const stage = new ConsumingStage(t, broker.bootstrap)
  const partitions = 30
  const topic = await stage.topic({ partitions, records: partitions })
  let next = partitions
  /** What its requests take for each record. */
  const reading = async () => {
    let sent = 0
    const stele = stage.client(t, { metrics: { sent: (_broker, bytes) => void (sent += bytes) } })
    const member = stage.member({ topics: [topic] }, stele)
    await member.until(({ values }) => values.length === next)
    const [before, rounds] = [sent, 10]
    for (let nth = 0; nth < rounds; nth++) {
      await stage.send(topic, { partitions, from: next++ })
      await member.until(({ values }) => values.length === next)
    }
    return { member, bytes: (sent - before) / rounds }
  }
  const first = await reading()
  const crowded = await reading()
  await first.member.consumer.close()
  const second = await reading()
  const names = 20 * partitions
  t.ok(first.bytes < names, `${first.bytes} bytes in a session`)
  t.ok(crowded.bytes > names, `${crowded.bytes} bytes without one`)
  t.ok(second.bytes < names, `${second.bytes} bytes in one where another was`)
})
