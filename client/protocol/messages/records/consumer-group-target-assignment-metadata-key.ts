/** Key of a coordinator’s record: ConsumerGroupTargetAssignmentMetadataKey (type 6). */
import { message, type Of, string } from '../../schema.ts'

export const ConsumerGroupTargetAssignmentMetadataKey = message({
  name: 'ConsumerGroupTargetAssignmentMetadataKey',
  type: 'coordinator-key',
  key: 6,
  versions: '0',
  fields: {
    groupId: string('0+'),
  },
})
export type ConsumerGroupTargetAssignmentMetadataKey = Of<typeof ConsumerGroupTargetAssignmentMetadataKey>
