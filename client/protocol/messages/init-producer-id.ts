/** InitProducerId (key 22); version 6 is not final. */
import { bool, int16, int32, int64, message, nullableString, type Of } from '../schema.ts'

export const InitProducerIdRequest = message({
  name: 'InitProducerIdRequest',
  type: 'request',
  key: 22,
  versions: '0-6',
  flexible: '2+',
  fields: {
    transactionalId: nullableString('0+', { default: '' }),
    transactionTimeoutMs: int32('0+'),
    producerId: int64('3+', { default: -1 }), // epoch bump, KIP-360
    producerEpoch: int16('3+', { default: -1 }),
    enable2Pc: bool('6+'),
    keepPreparedTxn: bool('6+'),
  },
})
export type InitProducerIdRequest = Of<typeof InitProducerIdRequest>

export const InitProducerIdResponse = message({
  name: 'InitProducerIdResponse',
  type: 'response',
  key: 22,
  versions: '0-6',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32('0+', { ignorable: true }),
    errorCode: int16('0+'),
    producerId: int64('0+', { default: -1 }),
    producerEpoch: int16('0+'),
    ongoingTxnProducerId: int64('6+', { default: -1 }),
    ongoingTxnProducerEpoch: int16('6+', { default: -1 }),
  },
})
export type InitProducerIdResponse = Of<typeof InitProducerIdResponse>
