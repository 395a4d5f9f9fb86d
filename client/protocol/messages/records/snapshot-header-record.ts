/** Data SnapshotHeaderRecord. */
import { int16, int64, message, type Of } from '../../schema.ts'

export const SnapshotHeaderRecord = message({
  name: 'SnapshotHeaderRecord',
  type: 'data',
  versions: '0',
  flexible: '0+',
  fields: {
    version: int16('0+'),
    lastContainedLogTimestamp: int64('0+'),
  },
})
export type SnapshotHeaderRecord = Of<typeof SnapshotHeaderRecord>
