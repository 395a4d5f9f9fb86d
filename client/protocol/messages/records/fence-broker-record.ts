/** Record of the metadata log: FenceBrokerRecord (type 7). */
import { int32, int64, message, type Of } from '../../schema.ts'

export const FenceBrokerRecord = message({
  name: 'FenceBrokerRecord',
  type: 'metadata',
  key: 7,
  versions: '0',
  flexible: '0+',
  fields: {
    id: int32('0+'),
    epoch: int64('0+'),
  },
})
export type FenceBrokerRecord = Of<typeof FenceBrokerRecord>
