/** Value of a coordinator’s record: ShareGroupMemberMetadataValue (type 10). */
import { array, message, nullableString, type Of, string } from '../../schema.ts'

export const ShareGroupMemberMetadataValue = message({
  name: 'ShareGroupMemberMetadataValue',
  type: 'coordinator-value',
  key: 10,
  versions: '0',
  flexible: '0+',
  fields: {
    rackId: nullableString('0+', { default: '' }),
    clientId: string('0+'),
    clientHost: string('0+'),
    subscribedTopicNames: array('0+', string),
  },
})
export type ShareGroupMemberMetadataValue = Of<typeof ShareGroupMemberMetadataValue>
