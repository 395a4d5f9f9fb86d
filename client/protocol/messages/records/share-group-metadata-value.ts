/** Value of a coordinator’s record: ShareGroupMetadataValue (type 11). */
import { int32, int64, message, type Of } from '../../schema.ts'

export const ShareGroupMetadataValue = message({
  name: 'ShareGroupMetadataValue',
  type: 'coordinator-value',
  key: 11,
  versions: '0',
  flexible: '0+',
  fields: {
    epoch: int32('0+'),
    metadataHash: int64('0+'),
  },
})
export type ShareGroupMetadataValue = Of<typeof ShareGroupMetadataValue>
