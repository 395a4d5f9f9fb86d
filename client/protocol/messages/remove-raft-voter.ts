/** RemoveRaftVoter (key 81). */
import { int16, int32, message, nullableString, type Of, uuid } from '../schema.ts'

export const RemoveRaftVoterRequest = message({
  name: 'RemoveRaftVoterRequest',
  type: 'request',
  key: 81,
  versions: '0',
  flexible: '0+',
  fields: {
    clusterId: nullableString('0+', { default: '' }),
    voterId: int32('0+'),
    voterDirectoryId: uuid('0+'),
  },
})
export type RemoveRaftVoterRequest = Of<typeof RemoveRaftVoterRequest>

export const RemoveRaftVoterResponse = message({
  name: 'RemoveRaftVoterResponse',
  type: 'response',
  key: 81,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: nullableString('0+', { default: '', ignorable: true }),
  },
})
export type RemoveRaftVoterResponse = Of<typeof RemoveRaftVoterResponse>
