/** Key of a coordinator’s record: OffsetCommitKey (type 1). */
import { int32, message, type Of, string } from '../../schema.ts'

export const OffsetCommitKey = message({
  name: 'OffsetCommitKey',
  type: 'coordinator-key',
  key: 1,
  versions: '0',
  fields: {
    group: string('0+'),
    topic: string('0+'),
    partition: int32('0+'),
  },
})
export type OffsetCommitKey = Of<typeof OffsetCommitKey>
