/** Value of a coordinator’s record: LegacyOffsetCommitValue (type 0). */
import { int64, message, type Of, string } from '../../schema.ts'

export const LegacyOffsetCommitValue = message({
  name: 'LegacyOffsetCommitValue',
  type: 'coordinator-value',
  key: 0,
  versions: '0',
  fields: {
    offset: int64('0+'),
    metadata: string('0+'),
    commitTimestamp: int64('0+'),
  },
})
export type LegacyOffsetCommitValue = Of<typeof LegacyOffsetCommitValue>
