/** Data LeaderChangeMessage. */
import { array, int16, int32, message, type Of, uuid } from '../../schema.ts'

export const LeaderChangeMessage = message({
  name: 'LeaderChangeMessage',
  type: 'data',
  versions: '0-1',
  flexible: '0+',
  fields: {
    version: int16('0+'),
    leaderId: int32('0+'),
    voters: array('0+', {
      voterId: int32('0+'),
      voterDirectoryId: uuid('1+'),
    }),
    grantingVoters: array('0+', {
      voterId: int32('0+'),
      voterDirectoryId: uuid('1+'),
    }),
  },
})
export type LeaderChangeMessage = Of<typeof LeaderChangeMessage>
