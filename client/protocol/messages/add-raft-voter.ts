/** AddRaftVoter (key 80). */
import { array, bool, int16, int32, message, nullableString, type Of, string, uint16, uuid } from '../schema.ts'

export const AddRaftVoterRequest = message({
  name: 'AddRaftVoterRequest',
  type: 'request',
  key: 80,
  versions: '0-1',
  flexible: '0+',
  fields: {
    clusterId: nullableString('0+', { default: '' }),
    timeoutMs: int32('0+'),
    voterId: int32('0+'),
    voterDirectoryId: uuid('0+'),
    listeners: array('0+', {
      name: string('0+'),
      host: string('0+'),
      port: uint16('0+'),
    }),
    ackWhenCommitted: bool('1+', { default: true }),
  },
})
export type AddRaftVoterRequest = Of<typeof AddRaftVoterRequest>

export const AddRaftVoterResponse = message({
  name: 'AddRaftVoterResponse',
  type: 'response',
  key: 80,
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: nullableString('0+', { default: '', ignorable: true }),
  },
})
export type AddRaftVoterResponse = Of<typeof AddRaftVoterResponse>
