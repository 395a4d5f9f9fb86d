/** Key of a coordinator’s record: ShareSnapshotKey (type 0). */
import { int32, message, type Of, string, uuid } from '../../schema.ts'

export const ShareSnapshotKey = message({
  name: 'ShareSnapshotKey',
  type: 'coordinator-key',
  key: 0,
  versions: '0',
  fields: {
    groupId: string('0+'),
    topicId: uuid('0+'),
    partition: int32('0+'),
  },
})
export type ShareSnapshotKey = Of<typeof ShareSnapshotKey>
