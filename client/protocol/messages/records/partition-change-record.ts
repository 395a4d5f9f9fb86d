/** Record of the metadata log: PartitionChangeRecord (type 5). */
import { int32, int8, message, nullableArray, type Of, uuid } from '../../schema.ts'

export const PartitionChangeRecord = message({
  name: 'PartitionChangeRecord',
  type: 'metadata',
  key: 5,
  versions: '0-2',
  flexible: '0+',
  fields: {
    partitionId: int32('0+', { default: -1 }),
    topicId: uuid('0+'),
    isr: nullableArray('0+', int32, { tag: 0 }),
    leader: int32('0+', { default: -2, tag: 1 }),
    replicas: nullableArray('0+', int32, { tag: 2 }),
    removingReplicas: nullableArray('0+', int32, { tag: 3 }),
    addingReplicas: nullableArray('0+', int32, { tag: 4 }),
    leaderRecoveryState: int8('0+', { default: -1, tag: 5 }),
    directories: nullableArray('1+', uuid, { tag: 8 }),
    eligibleLeaderReplicas: nullableArray('2+', int32, { tag: 6 }),
    lastKnownElr: nullableArray('2+', int32, { tag: 7 }),
  },
})
export type PartitionChangeRecord = Of<typeof PartitionChangeRecord>
