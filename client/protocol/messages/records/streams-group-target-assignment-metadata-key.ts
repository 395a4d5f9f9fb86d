/** Key of a coordinator’s record: StreamsGroupTargetAssignmentMetadataKey (type 20). */
import { message, type Of, string } from '../../schema.ts'

export const StreamsGroupTargetAssignmentMetadataKey = message({
  name: 'StreamsGroupTargetAssignmentMetadataKey',
  type: 'coordinator-key',
  key: 20,
  versions: '0',
  fields: {
    groupId: string('0+'),
  },
})
export type StreamsGroupTargetAssignmentMetadataKey = Of<typeof StreamsGroupTargetAssignmentMetadataKey>
