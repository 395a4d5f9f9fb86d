/** Record of the metadata log: RemoveDelegationTokenRecord (type 26). */
import { message, type Of, string } from '../../schema.ts'

export const RemoveDelegationTokenRecord = message({
  name: 'RemoveDelegationTokenRecord',
  type: 'metadata',
  key: 26,
  versions: '0',
  flexible: '0+',
  fields: {
    tokenId: string('0+'),
  },
})
export type RemoveDelegationTokenRecord = Of<typeof RemoveDelegationTokenRecord>
