/** Data QuorumStateData. */
import { int32, int64, message, nullableArray, type Of, string, uuid } from '../../schema.ts'

export const QuorumStateData = message({
  name: 'QuorumStateData',
  type: 'data',
  versions: '0-1',
  flexible: '0+',
  fields: {
    clusterId: string('0'),
    leaderId: int32('0+', { default: -1 }),
    leaderEpoch: int32('0+', { default: -1 }),
    votedId: int32('0+', { default: -1 }),
    votedDirectoryId: uuid('1+'),
    appliedOffset: int64('0'),
    currentVoters: nullableArray(
      '0',
      {
        voterId: int32('0'),
      },
      { default: [] },
    ),
  },
})
export type QuorumStateData = Of<typeof QuorumStateData>
