import t from 'tap'
import { FetchSessions } from '../../../broker/api/fetch-session.ts'
import { nodeRandom } from '../../../broker/platform/node/random.ts'
import { decode, encode } from '../../../client/protocol/compile.ts'
import { FetchRequest } from '../../../client/protocol/messages/fetch.ts'

const idle = 120_000

function request(count: number, { sessionId = 0, sessionEpoch = 0, first = 0 } = {}) {
  const partitions = Array.from({ length: count }, (_, index) => ({ partition: first + index, fetchOffset: 0, partitionMaxBytes: 1 }))
  const body = { sessionId, sessionEpoch, topics: [{ topic: 'words', partitions }] }
  return decode(FetchRequest, 12, Buffer.concat(encode(FetchRequest, 12, body)))
}

function setUp({ slots = 100, partitions = 10 } = {}) {
  const sessions = new FetchSessions(slots, nodeRandom, partitions)
  const plan = (asked: ReturnType<typeof request>, now = 0) => {
    const planned = sessions.plan(asked, false, now)
    if (typeof planned === 'number') throw new Error(`error code ${planned}`)
    return planned
  }
  return { sessions, plan }
}

t.test('a session is opened while there is a slot and room for its partitions; else its reader is served without one', async (t) => {
  const { sessions, plan } = setUp()
  t.not(plan(request(6)).sessionId, 0)
  const without = plan(request(5))
  t.equal(without.sessionId, 0)
  t.equal([...without.items].length, 5, 'it is served all the same')
  t.not(plan(request(4)).sessionId, 0)
  t.equal(sessions.size, 2)
  t.equal(setUp({ slots: 0 }).plan(request(1)).sessionId, 0)
})

t.test('sessions that were idle for long make room, others do not', async (t) => {
  const { sessions, plan } = setUp()
  const old = plan(request(5))
  const used = plan(request(5))
  plan(request(0, { sessionId: used.sessionId, sessionEpoch: 1 }), idle)
  t.not(plan(request(5), idle).sessionId, 0)
  t.equal(sessions.size, 2)
  t.throws(() => plan(request(0, { sessionId: old.sessionId, sessionEpoch: 1 })), 'the idle one is gone')
  t.equal(plan(request(6), idle).sessionId, 0)
})

t.test('a session that grows beyond the bound ends, and is served whole', async (t) => {
  const { sessions, plan } = setUp()
  const { sessionId } = plan(request(6))
  const grown = plan(request(6, { sessionId, sessionEpoch: 1, first: 6 }))
  t.equal(grown.sessionId, 0)
  t.equal([...grown.items].length, 12)
  t.equal(sessions.size, 0)
  t.not(plan(request(10)).sessionId, 0, 'its room is free again')
})
