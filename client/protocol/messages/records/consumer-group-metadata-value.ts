/** Value of a coordinator’s record: ConsumerGroupMetadataValue (type 3). */
import { int32, int64, message, type Of } from '../../schema.ts'

export const ConsumerGroupMetadataValue = message({
  name: 'ConsumerGroupMetadataValue',
  type: 'coordinator-value',
  key: 3,
  versions: '0',
  flexible: '0+',
  fields: {
    epoch: int32('0+'),
    metadataHash: int64('0+', { tag: 0 }),
  },
})
export type ConsumerGroupMetadataValue = Of<typeof ConsumerGroupMetadataValue>
