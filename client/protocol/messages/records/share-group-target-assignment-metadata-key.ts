/** Key of a coordinator’s record: ShareGroupTargetAssignmentMetadataKey (type 12). */
import { message, type Of, string } from '../../schema.ts'

export const ShareGroupTargetAssignmentMetadataKey = message({
  name: 'ShareGroupTargetAssignmentMetadataKey',
  type: 'coordinator-key',
  key: 12,
  versions: '0',
  fields: {
    groupId: string('0+'),
  },
})
export type ShareGroupTargetAssignmentMetadataKey = Of<typeof ShareGroupTargetAssignmentMetadataKey>
