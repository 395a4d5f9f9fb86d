/** ConsumerGroupHeartbeat (key 68). */
import { array, int16, int32, message, nullableArray, nullableString, nullableStruct, type Of, string, uuid } from '../schema.ts'

export const ConsumerGroupHeartbeatRequest = message({
  name: 'ConsumerGroupHeartbeatRequest',
  type: 'request',
  key: 68,
  versions: '0-1',
  flexible: '0+',
  fields: {
    groupId: string('0+'),
    memberId: string('0+'),
    memberEpoch: int32('0+'),
    instanceId: nullableString('0+'),
    rackId: nullableString('0+'),
    rebalanceTimeoutMs: int32('0+', { default: -1 }),
    subscribedTopicNames: nullableArray('0+', string),
    subscribedTopicRegex: nullableString('1+'),
    serverAssignor: nullableString('0+'),
    topicPartitions: nullableArray('0+', {
      topicId: uuid('0+'),
      partitions: array('0+', int32),
    }),
  },
})
export type ConsumerGroupHeartbeatRequest = Of<typeof ConsumerGroupHeartbeatRequest>

export const ConsumerGroupHeartbeatResponse = message({
  name: 'ConsumerGroupHeartbeatResponse',
  type: 'response',
  key: 68,
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: nullableString('0+'),
    memberId: nullableString('0+'),
    memberEpoch: int32('0+'),
    heartbeatIntervalMs: int32('0+'),
    assignment: nullableStruct('0+', {
      topicPartitions: array('0+', {
        topicId: uuid('0+'),
        partitions: array('0+', int32),
      }),
    }),
  },
})
export type ConsumerGroupHeartbeatResponse = Of<typeof ConsumerGroupHeartbeatResponse>
