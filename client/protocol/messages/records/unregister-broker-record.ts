/** Record of the metadata log: UnregisterBrokerRecord (type 1). */
import { int32, int64, message, type Of } from '../../schema.ts'

export const UnregisterBrokerRecord = message({
  name: 'UnregisterBrokerRecord',
  type: 'metadata',
  key: 1,
  versions: '0',
  flexible: '0+',
  fields: {
    brokerId: int32('0+'),
    brokerEpoch: int64('0+'),
  },
})
export type UnregisterBrokerRecord = Of<typeof UnregisterBrokerRecord>
