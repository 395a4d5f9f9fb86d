/** Value of a coordinator’s record: OffsetCommitValue (type 1). */
import { int32, int64, message, type Of, string, uuid } from '../../schema.ts'

export const OffsetCommitValue = message({
  name: 'OffsetCommitValue',
  type: 'coordinator-value',
  key: 1,
  versions: '0-4',
  flexible: '4+',
  fields: {
    offset: int64('0+'),
    leaderEpoch: int32('3+', { default: -1, ignorable: true }),
    metadata: string('0+'),
    commitTimestamp: int64('0+'),
    expireTimestamp: int64('1', { default: -1, ignorable: true }),
    topicId: uuid('4+', { ignorable: true, tag: 0 }),
  },
})
export type OffsetCommitValue = Of<typeof OffsetCommitValue>
