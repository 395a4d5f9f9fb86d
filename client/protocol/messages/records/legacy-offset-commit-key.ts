/** Key of a coordinator’s record: LegacyOffsetCommitKey (type 0). */
import { int32, message, type Of, string } from '../../schema.ts'

export const LegacyOffsetCommitKey = message({
  name: 'LegacyOffsetCommitKey',
  type: 'coordinator-key',
  key: 0,
  versions: '0',
  fields: {
    group: string('0+'),
    topic: string('0+'),
    partition: int32('0+'),
  },
})
export type LegacyOffsetCommitKey = Of<typeof LegacyOffsetCommitKey>
