/** ConsumerGroupDescribe (key 69). */
import { array, bool, int16, int32, int8, message, nullableString, type Of, string, struct, uuid } from '../schema.ts'

export const ConsumerGroupDescribeRequest = message({
  name: 'ConsumerGroupDescribeRequest',
  type: 'request',
  key: 69,
  versions: '0-1',
  flexible: '0+',
  fields: {
    groupIds: array('0+', string),
    includeAuthorizedOperations: bool('0+'),
  },
})
export type ConsumerGroupDescribeRequest = Of<typeof ConsumerGroupDescribeRequest>

export const ConsumerGroupDescribeResponse = message({
  name: 'ConsumerGroupDescribeResponse',
  type: 'response',
  key: 69,
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+'),
    groups: array('0+', {
      errorCode: int16('0+'),
      errorMessage: nullableString('0+'),
      groupId: string('0+'),
      groupState: string('0+'),
      groupEpoch: int32('0+'),
      assignmentEpoch: int32('0+'),
      assignorName: string('0+'),
      members: array('0+', {
        memberId: string('0+'),
        instanceId: nullableString('0+'),
        rackId: nullableString('0+'),
        memberEpoch: int32('0+'),
        clientId: string('0+'),
        clientHost: string('0+'),
        subscribedTopicNames: array('0+', string),
        subscribedTopicRegex: nullableString('0+'),
        assignment: struct('0+', {
          topicPartitions: array('0+', {
            topicId: uuid('0+'),
            topicName: string('0+'),
            partitions: array('0+', int32),
          }),
        }),
        targetAssignment: struct('0+', {
          topicPartitions: array('0+', {
            topicId: uuid('0+'),
            topicName: string('0+'),
            partitions: array('0+', int32),
          }),
        }),
        memberType: int8('1+', { default: -1, ignorable: true }),
      }),
      authorizedOperations: int32('0+', { default: -2147483648 }),
    }),
  },
})
export type ConsumerGroupDescribeResponse = Of<typeof ConsumerGroupDescribeResponse>
