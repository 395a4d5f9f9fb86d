/** What the type checker must make of declarations. Most of it is checked by compiling; running shows that the values agree. */
import t from 'tap'
import { decode, encode } from '../../../client/protocol/compile.ts'
import { ErrorCode } from '../../../client/protocol/errors.ts'
import { FetchResponse } from '../../../client/protocol/messages/fetch.ts'
import { HeartbeatRequest } from '../../../client/protocol/messages/heartbeat.ts'
import type { StreamsGroupDescribeResponse } from '../../../client/protocol/messages/streams-group-describe.ts'
import type { Input, Of } from '../../../client/protocol/schema.ts'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

t.test('a decoded message has every field, with its own type', async (t) => {
  const decoded = decode(HeartbeatRequest, 0, Buffer.concat(encode(HeartbeatRequest, 0, {})))
  const same: Same<typeof decoded, { groupId: string; generationId: number; memberId: string; groupInstanceId: string | null }> = true
  t.ok(same)
  t.strictSame(decoded, { groupId: '', generationId: 0, memberId: '', groupInstanceId: null })
})

t.test('types are inferred through nested arrays and structs', async (t) => {
  type Partition = Of<typeof FetchResponse>['responses'][number]['partitions'][number]
  const partition: Pick<Partition, 'records' | 'abortedTransactions' | 'divergingEpoch'> = {
    records: null,
    abortedTransactions: [{ producerId: 1, firstOffset: 2 }],
    divergingEpoch: { epoch: 1, endOffset: 2 },
  }
  type Topology = Of<typeof StreamsGroupDescribeResponse>['groups'][number]['topology']
  const nullable: Same<Extract<Topology, null>, null> = true
  t.ok(partition && nullable)
})

t.test('to encode, everything may be left out, at every depth, and records may be in pieces', async (t) => {
  const input = {
    responses: [{ topic: 'orders', partitions: [{ records: [Buffer.from('a'), Buffer.from('b')] }, {}] }, {}],
  } satisfies Input<typeof FetchResponse>
  t.equal(encode(FetchResponse, 4, input).length, 4)
})

t.test('wrong names and types do not compile', async (t) => {
  // @ts-expect-error no such field
  t.ok(encode(HeartbeatRequest, 0, { group: 'g' }))
  // @ts-expect-error a number is no string
  t.throws(() => encode(HeartbeatRequest, 0, { groupId: 7 }))
  // @ts-expect-error not nullable
  t.throws(() => encode(HeartbeatRequest, 0, { groupId: null }))
  // @ts-expect-error no such name at depth
  t.ok(encode(FetchResponse, 4, { responses: [{ partitions: [{ partition: 1 }] }] }))
})

t.test('an error code is a literal', async (t) => {
  const six: 6 = ErrorCode.NOT_LEADER_OR_FOLLOWER
  t.equal(six, 6)
})
