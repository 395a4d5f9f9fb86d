/** Record of the metadata log: UserScramCredentialRecord (type 11). */
import { bytes, int32, int8, message, type Of, string } from '../../schema.ts'

export const UserScramCredentialRecord = message({
  name: 'UserScramCredentialRecord',
  type: 'metadata',
  key: 11,
  versions: '0',
  flexible: '0+',
  fields: {
    name: string('0+'),
    mechanism: int8('0+'),
    salt: bytes('0+'),
    storedKey: bytes('0+'),
    serverKey: bytes('0+'),
    iterations: int32('0+'),
  },
})
export type UserScramCredentialRecord = Of<typeof UserScramCredentialRecord>
