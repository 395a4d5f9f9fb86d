/** ShareGroupHeartbeat (key 76). */
import { array, int16, int32, message, nullableArray, nullableString, nullableStruct, type Of, string, uuid } from '../schema.ts'

export const ShareGroupHeartbeatRequest = message({
  name: 'ShareGroupHeartbeatRequest',
  type: 'request',
  key: 76,
  versions: '1',
  flexible: '1+',
  fields: {
    groupId: string('1+'),
    memberId: string('1+'),
    memberEpoch: int32('1+'),
    rackId: nullableString('1+'),
    subscribedTopicNames: nullableArray('1+', string),
  },
})
export type ShareGroupHeartbeatRequest = Of<typeof ShareGroupHeartbeatRequest>

export const ShareGroupHeartbeatResponse = message({
  name: 'ShareGroupHeartbeatResponse',
  type: 'response',
  key: 76,
  versions: '1',
  flexible: '1+',
  fields: {
    throttleTimeMs: int32('1+'),
    errorCode: int16('1+'),
    errorMessage: nullableString('1+'),
    memberId: nullableString('1+'),
    memberEpoch: int32('1+'),
    heartbeatIntervalMs: int32('1+'),
    assignment: nullableStruct('1+', {
      topicPartitions: array('1+', {
        topicId: uuid('1+'),
        partitions: array('1+', int32),
      }),
    }),
  },
})
export type ShareGroupHeartbeatResponse = Of<typeof ShareGroupHeartbeatResponse>
