/** Record of the metadata log: BrokerRegistrationChangeRecord (type 17). */
import { array, int32, int64, int8, message, nullableArray, type Of, uuid } from '../../schema.ts'

export const BrokerRegistrationChangeRecord = message({
  name: 'BrokerRegistrationChangeRecord',
  type: 'metadata',
  key: 17,
  versions: '0-3',
  flexible: '0+',
  fields: {
    brokerId: int32('0+'),
    brokerEpoch: int64('0+'),
    fenced: int8('0+', { tag: 0 }),
    inControlledShutdown: int8('1+', { tag: 1 }),
    logDirs: array('2+', uuid, { tag: 2 }),
    cordonedLogDirs: nullableArray('3+', uuid, { tag: 3 }),
  },
})
export type BrokerRegistrationChangeRecord = Of<typeof BrokerRegistrationChangeRecord>
