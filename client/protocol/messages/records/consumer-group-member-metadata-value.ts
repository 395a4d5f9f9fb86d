/** Value of a coordinator’s record: ConsumerGroupMemberMetadataValue (type 5). */
import { array, bytes, int32, message, nullableString, nullableStruct, type Of, string } from '../../schema.ts'

export const ConsumerGroupMemberMetadataValue = message({
  name: 'ConsumerGroupMemberMetadataValue',
  type: 'coordinator-value',
  key: 5,
  versions: '0',
  flexible: '0+',
  fields: {
    instanceId: nullableString('0+', { default: '' }),
    rackId: nullableString('0+', { default: '' }),
    clientId: string('0+'),
    clientHost: string('0+'),
    subscribedTopicNames: array('0+', string),
    subscribedTopicRegex: nullableString('0+', { default: '' }),
    rebalanceTimeoutMs: int32('0+', { default: -1 }),
    serverAssignor: nullableString('0+', { default: '' }),
    classicMemberMetadata: nullableStruct(
      '0+',
      {
        sessionTimeoutMs: int32('0+'),
        supportedProtocols: array('0+', {
          name: string('0+'),
          metadata: bytes('0+'),
        }),
      },
      { default: {}, tag: 0 },
    ),
  },
})
export type ConsumerGroupMemberMetadataValue = Of<typeof ConsumerGroupMemberMetadataValue>
