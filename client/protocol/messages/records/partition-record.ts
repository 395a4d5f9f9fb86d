/** Record of the metadata log: PartitionRecord (type 3). */
import { array, int32, int8, message, nullableArray, type Of, uuid } from '../../schema.ts'

export const PartitionRecord = message({
  name: 'PartitionRecord',
  type: 'metadata',
  key: 3,
  versions: '0-2',
  flexible: '0+',
  fields: {
    partitionId: int32('0+', { default: -1 }),
    topicId: uuid('0+'),
    replicas: array('0+', int32),
    isr: array('0+', int32),
    removingReplicas: array('0+', int32),
    addingReplicas: array('0+', int32),
    leader: int32('0+', { default: -1 }),
    leaderRecoveryState: int8('0+', { tag: 0 }),
    leaderEpoch: int32('0+', { default: -1 }),
    partitionEpoch: int32('0+', { default: -1 }),
    directories: array('1+', uuid),
    eligibleLeaderReplicas: nullableArray('2+', int32, { tag: 1 }),
    lastKnownElr: nullableArray('2+', int32, { tag: 2 }),
  },
})
export type PartitionRecord = Of<typeof PartitionRecord>
