/** Value of a coordinator’s record: StreamsGroupMemberMetadataValue (type 19). */
import { array, int32, message, nullableString, nullableStruct, type Of, string, uint16 } from '../../schema.ts'

export const StreamsGroupMemberMetadataValue = message({
  name: 'StreamsGroupMemberMetadataValue',
  type: 'coordinator-value',
  key: 19,
  versions: '0',
  flexible: '0+',
  fields: {
    instanceId: nullableString('0+', { default: '' }),
    rackId: nullableString('0+', { default: '' }),
    clientId: string('0+'),
    clientHost: string('0+'),
    rebalanceTimeoutMs: int32('0+', { default: -1 }),
    topologyEpoch: int32('0+'),
    processId: string('0+'),
    userEndpoint: nullableStruct('0+', {
      host: string('0+'),
      port: uint16('0+'),
    }),
    clientTags: array('0+', {
      key: string('0+'),
      value: string('0+'),
    }),
  },
})
export type StreamsGroupMemberMetadataValue = Of<typeof StreamsGroupMemberMetadataValue>
