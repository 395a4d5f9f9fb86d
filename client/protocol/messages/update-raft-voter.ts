/** UpdateRaftVoter (key 82). */
import { array, int16, int32, message, nullableString, type Of, string, struct, uint16, uuid } from '../schema.ts'

export const UpdateRaftVoterRequest = message({
  name: 'UpdateRaftVoterRequest',
  type: 'request',
  key: 82,
  versions: '0',
  flexible: '0+',
  fields: {
    clusterId: nullableString('0+', { default: '' }),
    currentLeaderEpoch: int32('0+'),
    voterId: int32('0+'),
    voterDirectoryId: uuid('0+'),
    listeners: array('0+', {
      name: string('0+'),
      host: string('0+'),
      port: uint16('0+'),
    }),
    kRaftVersionFeature: struct('0+', {
      minSupportedVersion: int16('0+'),
      maxSupportedVersion: int16('0+'),
    }),
  },
})
export type UpdateRaftVoterRequest = Of<typeof UpdateRaftVoterRequest>

export const UpdateRaftVoterResponse = message({
  name: 'UpdateRaftVoterResponse',
  type: 'response',
  key: 82,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    currentLeader: struct(
      '0+',
      {
        leaderId: int32('0+', { default: -1 }),
        leaderEpoch: int32('0+', { default: -1 }),
        host: string('0+'),
        port: int32('0+'),
      },
      { tag: 0 },
    ),
  },
})
export type UpdateRaftVoterResponse = Of<typeof UpdateRaftVoterResponse>
