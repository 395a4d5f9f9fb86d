/** Value of a coordinator’s record: GroupMetadataValue (type 2). */
import { array, bytes, int32, int64, message, nullableString, type Of, string } from '../../schema.ts'

export const GroupMetadataValue = message({
  name: 'GroupMetadataValue',
  type: 'coordinator-value',
  key: 2,
  versions: '0-4',
  flexible: '4+',
  fields: {
    protocolType: string('0+'),
    generation: int32('0+'),
    protocol: nullableString('0+', { default: '' }),
    leader: nullableString('0+', { default: '' }),
    currentStateTimestamp: int64('2+', { default: -1, ignorable: true }),
    members: array('0+', {
      memberId: string('0+'),
      groupInstanceId: nullableString('3+', { ignorable: true }),
      clientId: string('0+'),
      clientHost: string('0+'),
      rebalanceTimeout: int32('1+', { default: -1, ignorable: true }),
      sessionTimeout: int32('0+'),
      subscription: bytes('0+'),
      assignment: bytes('0+'),
    }),
  },
})
export type GroupMetadataValue = Of<typeof GroupMetadataValue>
