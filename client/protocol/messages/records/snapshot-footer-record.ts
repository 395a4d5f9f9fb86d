/** Data SnapshotFooterRecord. */
import { int16, message, type Of } from '../../schema.ts'

export const SnapshotFooterRecord = message({
  name: 'SnapshotFooterRecord',
  type: 'data',
  versions: '0',
  flexible: '0+',
  fields: {
    version: int16('0+'),
  },
})
export type SnapshotFooterRecord = Of<typeof SnapshotFooterRecord>
