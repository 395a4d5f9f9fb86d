/** Record of the metadata log: DelegationTokenRecord (type 10). */
import { array, int64, message, type Of, string } from '../../schema.ts'

export const DelegationTokenRecord = message({
  name: 'DelegationTokenRecord',
  type: 'metadata',
  key: 10,
  versions: '0',
  flexible: '0+',
  fields: {
    owner: string('0+'),
    requester: string('0+'),
    renewers: array('0+', string),
    issueTimestamp: int64('0+'),
    maxTimestamp: int64('0+'),
    expirationTimestamp: int64('0+'),
    tokenId: string('0+'),
  },
})
export type DelegationTokenRecord = Of<typeof DelegationTokenRecord>
