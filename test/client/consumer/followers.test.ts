/**
 * What a follower may answer (KIP-392): the leader sends the consumer there, and whatever the follower cannot do, the leader does, with nothing
 * lost or repeated. Real brokers answer so in moments that no test can choose.
 */
import t, { type Test } from 'tap'
import { Stele, text } from '../../../client/index.ts'
import { decode } from '../../../client/protocol/compile.ts'
import { ErrorCode } from '../../../client/protocol/errors.ts'
import { encodeResponse } from '../../../client/protocol/header.ts'
import { FetchRequest, FetchResponse } from '../../../client/protocol/messages/fetch.ts'
import { MetadataResponse } from '../../../client/protocol/messages/metadata.ts'
import { uuidText } from '../../../client/protocol/uuid.ts'
import { testBatch } from '../../support/batches.ts'
import { upTo } from '../../support/consuming.ts'
import { type Script, ScriptedBroker } from '../../support/scripted-broker.ts'

const topic = 'orders'
const topicId = uuidText(Buffer.alloc(16, 7))
const records = 10
const [leaderId, followerId] = [1, 2]
const serves = { 1: 16, 3: 12 }

type Told = Partial<FetchResponse['responses'][number]['partitions'][number]>

/** `records`: the one at the offset. */
type Say = (offset: number) => Told | 'records' | 'silence'

const toFollower: Told = { preferredReadReplica: followerId }

/** @returns who was asked for which offset. */
async function read(t: Test, leader: Say, follower: Say): Promise<string[]> {
  const asked: string[] = []
  const brokers = new Map<number, ScriptedBroker>()
  const script =
    (id: number, say: Say): Script =>
    async ({ header, frame, socket }) => {
      const { apiKey, apiVersion, correlationId, size } = header
      if (apiKey === 3) {
        const nodes = [...brokers].map(([nodeId, { port }]) => ({ nodeId, host: '127.0.0.1', port }))
        const partition = {
          partitionIndex: 0,
          leaderId,
          leaderEpoch: 5,
          replicaNodes: [leaderId, followerId],
          isrNodes: [leaderId, followerId],
        }
        const topics = [{ errorCode: 0, name: topic, topicId, partitions: [{ errorCode: 0, ...partition }] }]
        return encodeResponse(MetadataResponse, apiVersion, correlationId, { brokers: nodes, controllerId: leaderId, topics })
      }
      if (apiKey !== 1) return undefined
      const { topics, rackId } = decode(FetchRequest, apiVersion, frame, size)
      t.equal(rackId, 'near')
      const offset = topics[0]?.partitions[0]?.fetchOffset ?? -1
      asked.push(`${id === leaderId ? 'leader' : 'follower'} ${offset}`)
      const said = offset >= records ? {} : say(offset)
      if (said === 'silence') {
        socket.destroy()
        return []
      }
      const batch = () => ({ records: testBatch({ baseOffset: offset, partitionLeaderEpoch: 5, values: [String(offset)] }) })
      const told = said === 'records' ? batch() : said
      const base = { partitionIndex: 0, errorCode: 0, highWatermark: records, lastStableOffset: records, logStartOffset: 0, records: null }
      const partitions = [{ ...base, abortedTransactions: null, preferredReadReplica: -1, ...told }]
      return encodeResponse(FetchResponse, apiVersion, correlationId, { responses: [{ topic, topicId, partitions }] })
    }
  brokers.set(leaderId, await ScriptedBroker.start(script(leaderId, leader), serves))
  brokers.set(followerId, await ScriptedBroker.start(script(followerId, follower), serves))
  const stele = new Stele({ bootstrap: brokers.get(leaderId)?.bootstrap ?? '', rack: 'near' })
  t.teardown(async () => {
    await stele.close()
    for (const broker of brokers.values()) broker.close()
  })
  const values: string[] = []
  const places = [{ topic, partition: 0, from: { offset: 0 }, until: records }]
  for await (const { value } of stele.consumer({ partitions: places, value: text, outOfRange: 'fail' })) values.push(value ?? '')
  t.same(values, upTo(records), 'each once, in order')
  return asked
}

t.test('a follower is read from once the leader says so, and asked no more than it must', async (t) => {
  const asked = await read(
    t,
    () => toFollower,
    () => 'records',
  )
  t.same(asked, ['leader 0', ...upTo(records).map((offset) => `follower ${offset}`)])
})

for (const code of [
  'OFFSET_NOT_AVAILABLE',
  'OFFSET_OUT_OF_RANGE',
  'NOT_LEADER_OR_FOLLOWER',
  'FENCED_LEADER_EPOCH',
  'REPLICA_NOT_AVAILABLE',
] as const) {
  t.test(`a follower that says ${code} is left for the leader, and read from again`, async (t) => {
    let refusals = 0
    const follower: Say = (offset) => {
      if (offset !== 4 || refusals > 0) return 'records'
      refusals++
      return { errorCode: ErrorCode[code] }
    }
    const asked = await read(t, () => toFollower, follower)
    t.same(asked.slice(4, 8), ['follower 3', 'follower 4', 'leader 4', 'follower 4'])
  })
}

t.test('a follower that is gone is left, for as long as the leader does not send there', async (t) => {
  let isGone = false
  const follower: Say = (offset) => {
    isGone ||= offset === 4
    return isGone ? 'silence' : 'records'
  }
  const asked = await read(t, () => (isGone ? 'records' : toFollower), follower)
  t.same(asked.slice(5), [
    'follower 4',
    ...upTo(records)
      .slice(4)
      .map((offset) => `leader ${offset}`),
  ])
})
