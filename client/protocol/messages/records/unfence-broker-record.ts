/** Record of the metadata log: UnfenceBrokerRecord (type 8). */
import { int32, int64, message, type Of } from '../../schema.ts'

export const UnfenceBrokerRecord = message({
  name: 'UnfenceBrokerRecord',
  type: 'metadata',
  key: 8,
  versions: '0',
  flexible: '0+',
  fields: {
    id: int32('0+'),
    epoch: int64('0+'),
  },
})
export type UnfenceBrokerRecord = Of<typeof UnfenceBrokerRecord>
