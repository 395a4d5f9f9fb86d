/** AssignReplicasToDirs (key 73). */
import { array, int16, int32, int64, message, type Of, uuid } from '../schema.ts'

export const AssignReplicasToDirsRequest = message({
  name: 'AssignReplicasToDirsRequest',
  type: 'request',
  key: 73,
  versions: '0',
  flexible: '0+',
  fields: {
    brokerId: int32('0+'),
    brokerEpoch: int64('0+', { default: -1 }),
    directories: array('0+', {
      id: uuid('0+'),
      topics: array('0+', {
        topicId: uuid('0+'),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
        }),
      }),
    }),
  },
})
export type AssignReplicasToDirsRequest = Of<typeof AssignReplicasToDirsRequest>

export const AssignReplicasToDirsResponse = message({
  name: 'AssignReplicasToDirsResponse',
  type: 'response',
  key: 73,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    directories: array('0+', {
      id: uuid('0+'),
      topics: array('0+', {
        topicId: uuid('0+'),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
          errorCode: int16('0+'),
        }),
      }),
    }),
  },
})
export type AssignReplicasToDirsResponse = Of<typeof AssignReplicasToDirsResponse>
