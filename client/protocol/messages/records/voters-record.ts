/** Data VotersRecord. */
import { array, int16, int32, message, type Of, string, struct, uint16, uuid } from '../../schema.ts'

export const VotersRecord = message({
  name: 'VotersRecord',
  type: 'data',
  versions: '0',
  flexible: '0+',
  fields: {
    version: int16('0+'),
    voters: array('0+', {
      voterId: int32('0+'),
      voterDirectoryId: uuid('0+'),
      endpoints: array('0+', {
        name: string('0+'),
        host: string('0+'),
        port: uint16('0+'),
      }),
      kRaftVersionFeature: struct('0+', {
        minSupportedVersion: int16('0+'),
        maxSupportedVersion: int16('0+'),
      }),
    }),
  },
})
export type VotersRecord = Of<typeof VotersRecord>
