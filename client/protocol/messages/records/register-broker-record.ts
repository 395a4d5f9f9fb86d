/** Record of the metadata log: RegisterBrokerRecord (type 0). */
import { array, bool, int16, int32, int64, message, nullableArray, nullableString, type Of, string, uint16, uuid } from '../../schema.ts'

export const RegisterBrokerRecord = message({
  name: 'RegisterBrokerRecord',
  type: 'metadata',
  key: 0,
  versions: '0-4',
  flexible: '0+',
  fields: {
    brokerId: int32('0+'),
    isMigratingZkBroker: bool('2+'),
    incarnationId: uuid('0+'),
    brokerEpoch: int64('0+'),
    endPoints: array('0+', {
      name: string('0+'),
      host: string('0+'),
      port: uint16('0+'),
      securityProtocol: int16('0+'),
    }),
    features: array('0+', {
      name: string('0+'),
      minSupportedVersion: int16('0+'),
      maxSupportedVersion: int16('0+'),
    }),
    rack: nullableString('0+', { default: '' }),
    fenced: bool('0+', { default: true }),
    inControlledShutdown: bool('1+'),
    logDirs: array('3+', uuid, { tag: 0 }),
    cordonedLogDirs: nullableArray('4+', uuid, { tag: 1 }),
  },
})
export type RegisterBrokerRecord = Of<typeof RegisterBrokerRecord>
