/** Record of the metadata log: ProducerIdsRecord (type 15). */
import { int32, int64, message, type Of } from '../../schema.ts'

export const ProducerIdsRecord = message({
  name: 'ProducerIdsRecord',
  type: 'metadata',
  key: 15,
  versions: '0',
  flexible: '0+',
  fields: {
    brokerId: int32('0+'),
    brokerEpoch: int64('0+', { default: -1 }),
    nextProducerId: int64('0+'),
  },
})
export type ProducerIdsRecord = Of<typeof ProducerIdsRecord>
