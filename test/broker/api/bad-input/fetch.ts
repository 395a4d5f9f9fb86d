/** Bad Fetch requests, and fetch sessions that are not what their readers think. */
import type { FetchResponse } from '../../../../client/protocol/messages/fetch.ts'
import type { Of } from '../../../../client/protocol/schema.ts'
import { type Case, nowhere } from './case.ts'
import { batch, deleteRecords, nameOf, type Topic, type Verdict, type World } from './world.ts'

type Answer = Of<typeof FetchResponse> | undefined

/** A topic with three batches of one record each; it starts at offset 1 and ends at 3. */
async function filled(world: World, topic: Topic): Promise<Topic> {
  for (const value of ['a', 'b', 'c']) await world.produce(topic, batch({ values: [value] }), { acks: -1 })
  await deleteRecords(world, topic, 1)
  return topic
}

/** Its code, then what it says of each partition: bytes or none, and the code where there is one. */
function summary(answer: Answer): Verdict {
  if (!answer) return 'closed'
  const partitions = answer.responses.flatMap(({ partitions }) =>
    partitions.map(({ partitionIndex, errorCode, records }) =>
      errorCode === 0 ? `${partitionIndex}:${(records?.length ?? 0) > 0 ? 'records' : 'none'}` : `${partitionIndex}:${nameOf(errorCode)}`,
    ),
  )
  return [nameOf(answer.errorCode), answer.sessionId === 0 ? 'no session' : 'session', ...partitions].join(' ')
}

const partitionOf = (fetchOffset: number, partition = 0) => ({ partition, fetchOffset, partitionMaxBytes: 1 << 20 })
const all = (topic: Topic, fetchOffset = 1) => [{ topicId: topic.id, partitions: [partitionOf(fetchOffset)] }]

export const fetchCases: Case[] = [
  {
    name: 'an offset beyond the end, at the end, and below the start',
    ask: async (world, topic) => {
      await filled(world, topic)
      return Promise.all([4, 3, 0, -1].map((fetchOffset) => world.fetch(topic, { fetchOffset })))
    },
    answer: ['OFFSET_OUT_OF_RANGE', 'NONE', 'OFFSET_OUT_OF_RANGE', 'OFFSET_OUT_OF_RANGE'],
  },
  {
    name: 'an unknown partition and a negative one',
    ask: async (world, topic) => [await world.fetch(topic, { partition: 1 }), await world.fetch(topic, { partition: -1 })],
    answer: ['UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_OR_PARTITION'],
  },
  {
    name: 'an unknown topic, by name and by id',
    ask: async (world) => [await world.fetch(nowhere, {}, { version: 12 }), await world.fetch(nowhere)],
    answer: ['UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_ID'],
  },
  {
    name: 'a topic whose name is empty, and one whose id is zero',
    ask: async (world) => [
      await world.fetch({ name: '', id: '' }, {}, { version: 12 }),
      await world.fetch({ name: '', id: 'AAAAAAAAAAAAAAAAAAAAAA' }),
    ],
    answer: ['UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_ID'],
  },
  {
    name: 'a leader epoch of the past, and one of the future',
    ask: async (world, topic) => [
      await world.fetch(topic, { currentLeaderEpoch: 0 }),
      await world.fetch(topic, { currentLeaderEpoch: 99 }),
      await world.fetch(topic, { currentLeaderEpoch: -2 }),
    ],
    answer: ['NONE', 'UNKNOWN_LEADER_EPOCH', 'NONE'],
  },
  {
    name: 'a last fetched epoch that this log does not know',
    ask: async (world, topic) => {
      await filled(world, topic)
      const diverging = async (fetchOffset: number, lastFetchedEpoch: number) => {
        const answer = await world.fetched(topic, { fetchOffset, lastFetchedEpoch })
        const partition = answer?.responses[0]?.partitions[0]
        const { epoch = -1, endOffset = -1 } = partition?.divergingEpoch ?? {}
        return `${nameOf(partition?.errorCode)} ${epoch} ${endOffset}`
      }
      return [await diverging(3, 0), await diverging(5, 0), await diverging(3, 7), await diverging(3, -5)]
    },
    answer: ['NONE -1 -1', 'NONE 0 3', 'OFFSET_OUT_OF_RANGE -1 -1', 'NONE -1 -1'],
  },
  {
    name: 'a follower that is no replica',
    ask: async (world, topic) => [
      await world.fetch(topic, {}, { replicaState: { replicaId: 77, replicaEpoch: 1 } }),
      await world.fetch(topic, {}, { version: 12, replicaId: 77 }),
    ],
    answer: ['NOT_LEADER_OR_FOLLOWER', 'NOT_LEADER_OR_FOLLOWER'],
  },
  {
    name: 'byte limits below zero',
    ask: async (world, topic) => {
      await filled(world, topic)
      return [
        summary(await world.fetched(topic, { fetchOffset: 1, partitionMaxBytes: -1 })),
        summary(await world.fetched(topic, { fetchOffset: 1 }, { maxBytes: -1 })),
        summary(await world.fetched(topic, { fetchOffset: 1 }, { minBytes: -1 })),
        summary(await world.fetched(topic, { fetchOffset: 1, partitionMaxBytes: 0 })),
      ]
    },
    answer: ['NONE no session 0:none', 'NONE no session 0:none', 'NONE no session 0:records', 'NONE no session 0:records'],
    kafka: [
      'NONE no session 0:UNKNOWN_SERVER_ERROR',
      'NONE no session 0:UNKNOWN_SERVER_ERROR',
      'NONE no session 0:records',
      'NONE no session 0:records',
    ],
    because: 'a Java exception escapes there',
  },
  {
    name: 'more bytes at least than at most',
    ask: async (world, topic) => {
      await filled(world, topic)
      return summary(await world.fetched(topic, { fetchOffset: 1 }, { minBytes: 1 << 30, maxBytes: 10, maxWaitMs: 50 }))
    },
    answer: 'NONE no session 0:records',
  },
  {
    name: 'a wait below zero',
    ask: (world, topic) => world.fetch(topic, {}, { minBytes: 1, maxWaitMs: -1 }),
    answer: 'NONE',
  },
  {
    name: 'an isolation level that is none',
    ask: (world, topic) => world.fetch(topic, {}, { isolationLevel: 9 }),
    answer: 'INVALID_REQUEST',
    kafka: 'UNKNOWN_SERVER_ERROR',
    because: 'a Java exception escapes there',
  },
  {
    name: 'the same partition twice',
    ask: async (world, topic) => {
      await filled(world, topic)
      const topics = [{ topicId: topic.id, partitions: [partitionOf(1), partitionOf(2)] }]
      return summary(await world.fetched(topic, {}, { topics }))
    },
    answer: 'NONE no session 0:records',
  },
  {
    name: 'no partitions at all',
    ask: async (world, topic) => summary(await world.fetched(topic, {}, { topics: [], maxWaitMs: 60_000, minBytes: 1 })),
    answer: 'NONE no session',
  },
  {
    name: 'a session that is not there',
    ask: async (world, topic) => [
      await world.fetch(topic, {}, { sessionId: 12345, sessionEpoch: 1 }),
      await world.fetch(topic, {}, { sessionId: 0, sessionEpoch: 1 }),
      await world.fetch(topic, {}, { sessionId: 12345, sessionEpoch: -1 }),
      await world.fetch(topic, {}, { sessionId: 12345, sessionEpoch: -7 }),
    ],
    answer: ['FETCH_SESSION_ID_NOT_FOUND', 'FETCH_SESSION_ID_NOT_FOUND', 'NONE', 'FETCH_SESSION_ID_NOT_FOUND'],
  },
  {
    name: 'a session asked in the wrong epoch, by name, and after it was closed',
    ask: async (world, topic) => {
      await filled(world, topic)
      const opened = await world.fetched(topic, { fetchOffset: 1 }, { sessionEpoch: 0 })
      const sessionId = opened?.sessionId ?? 0
      const next = async (sessionEpoch: number, version = 17) =>
        summary(await world.fetched(topic, {}, { version, sessionId, sessionEpoch, topics: [] }))
      return [summary(opened), await next(2), await next(1, 12), await next(1), await next(-1), await next(2)]
    },
    answer: [
      'NONE session 0:records',
      'INVALID_FETCH_SESSION_EPOCH no session',
      'FETCH_SESSION_TOPIC_ID_ERROR no session',
      'NONE session 0:records',
      'NONE no session',
      'FETCH_SESSION_ID_NOT_FOUND no session',
    ],
  },
  {
    name: 'a session answers what changed, and forgets what it is told to',
    ask: async (world, topic) => {
      await filled(world, topic)
      const opened = await world.fetched(topic, { fetchOffset: 3 }, { sessionEpoch: 0 })
      const sessionId = opened?.sessionId ?? 0
      const next = async (sessionEpoch: number, more: Parameters<World['fetched']>[2] = {}) =>
        summary(await world.fetched(topic, {}, { sessionId, sessionEpoch, topics: [], ...more }))
      const unchanged = await next(1)
      await world.produce(topic, batch(), { acks: -1 })
      const changed = await next(2)
      const moved = await next(3, { topics: all(topic, 4) })
      const forgotten = await next(4, { forgottenTopicsData: [{ topicId: topic.id, partitions: [0] }] })
      return [summary(opened), unchanged, changed, moved, forgotten, await next(5)]
    },
    answer: [
      'NONE session 0:none',
      'NONE session',
      'NONE session 0:records',
      'NONE session',
      'NONE no session',
      'FETCH_SESSION_ID_NOT_FOUND no session',
    ],
  },
  {
    name: 'a session with a partition that is not there says so each time',
    ask: async (world, topic) => {
      const topics = [{ topicId: topic.id, partitions: [partitionOf(0), partitionOf(0, 5)] }]
      const opened = await world.fetched(topic, {}, { sessionEpoch: 0, topics })
      const again = await world.fetched(topic, {}, { sessionId: opened?.sessionId ?? 0, sessionEpoch: 1, topics: [] })
      return [summary(opened), summary(again)]
    },
    answer: ['NONE session 0:none 5:UNKNOWN_TOPIC_OR_PARTITION', 'NONE session 5:UNKNOWN_TOPIC_OR_PARTITION'],
  },
  {
    name: 'Zstandard for readers from before it',
    ask: async (world, topic) => {
      await world.produce(topic, batch({ codec: 'zstd' }), { acks: -1 })
      return [
        await world.fetch(topic, {}, { version: 9 }),
        await world.fetch(topic, {}, { version: 10 }),
        await world.fetch(topic, {}, { version: 3 }),
      ]
    },
    answer: ['UNSUPPORTED_COMPRESSION_TYPE', 'NONE', 'UNSUPPORTED_COMPRESSION_TYPE'],
    kafka: null,
  },
]
