/** Record of the metadata log: RemoveUserScramCredentialRecord (type 22). */
import { int8, message, type Of, string } from '../../schema.ts'

export const RemoveUserScramCredentialRecord = message({
  name: 'RemoveUserScramCredentialRecord',
  type: 'metadata',
  key: 22,
  versions: '0',
  flexible: '0+',
  fields: {
    name: string('0+'),
    mechanism: int8('0+'),
  },
})
export type RemoveUserScramCredentialRecord = Of<typeof RemoveUserScramCredentialRecord>
