/** ShareGroupDescribe (key 77). */
import { array, bool, int16, int32, message, nullableString, type Of, string, struct, uuid } from '../schema.ts'

export const ShareGroupDescribeRequest = message({
  name: 'ShareGroupDescribeRequest',
  type: 'request',
  key: 77,
  versions: '1',
  flexible: '1+',
  fields: {
    groupIds: array('1+', string),
    includeAuthorizedOperations: bool('1+'),
  },
})
export type ShareGroupDescribeRequest = Of<typeof ShareGroupDescribeRequest>

export const ShareGroupDescribeResponse = message({
  name: 'ShareGroupDescribeResponse',
  type: 'response',
  key: 77,
  versions: '1',
  flexible: '1+',
  fields: {
    throttleTimeMs: int32('1+'),
    groups: array('1+', {
      errorCode: int16('1+'),
      errorMessage: nullableString('1+'),
      groupId: string('1+'),
      groupState: string('1+'),
      groupEpoch: int32('1+'),
      assignmentEpoch: int32('1+'),
      assignorName: string('1+'),
      members: array('1+', {
        memberId: string('1+'),
        rackId: nullableString('1+'),
        memberEpoch: int32('1+'),
        clientId: string('1+'),
        clientHost: string('1+'),
        subscribedTopicNames: array('1+', string),
        assignment: struct('1+', {
          topicPartitions: array('1+', {
            topicId: uuid('1+'),
            topicName: string('1+'),
            partitions: array('1+', int32),
          }),
        }),
      }),
      authorizedOperations: int32('1+', { default: -2147483648 }),
    }),
  },
})
export type ShareGroupDescribeResponse = Of<typeof ShareGroupDescribeResponse>
