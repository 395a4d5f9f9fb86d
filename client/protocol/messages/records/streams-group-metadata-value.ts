/** Value of a coordinator’s record: StreamsGroupMetadataValue (type 17). */
import { int32, int64, message, nullableArray, type Of, string } from '../../schema.ts'

export const StreamsGroupMetadataValue = message({
  name: 'StreamsGroupMetadataValue',
  type: 'coordinator-value',
  key: 17,
  versions: '0',
  flexible: '0+',
  fields: {
    epoch: int32('0+'),
    metadataHash: int64('0+'),
    validatedTopologyEpoch: int32('0+', { default: -1, tag: 0 }),
    lastAssignmentConfigs: nullableArray(
      '0+',
      {
        key: string('0+'),
        value: string('0+'),
      },
      { default: [], tag: 1 },
    ),
    storedDescriptionTopologyEpoch: int32('0+', { default: -1, tag: 2 }),
    failedDescriptionTopologyEpoch: int32('0+', { default: -1, tag: 3 }),
  },
})
export type StreamsGroupMetadataValue = Of<typeof StreamsGroupMetadataValue>
