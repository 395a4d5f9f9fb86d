/** EndTxn (key 26). */
import { bool, int16, int32, int64, message, type Of, string } from '../schema.ts'

export const EndTxnRequest = message({
  name: 'EndTxnRequest',
  type: 'request',
  key: 26,
  versions: '0-5',
  flexible: '3+',
  fields: {
    transactionalId: string('0+'),
    producerId: int64('0+'),
    producerEpoch: int16('0+'),
    committed: bool('0+'),
  },
})
export type EndTxnRequest = Of<typeof EndTxnRequest>

export const EndTxnResponse = message({
  name: 'EndTxnResponse',
  type: 'response',
  key: 26,
  versions: '0-5',
  flexible: '3+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    producerId: int64('5+', { default: -1, ignorable: true }),
    producerEpoch: int16('5+', { default: -1, ignorable: true }),
  },
})
export type EndTxnResponse = Of<typeof EndTxnResponse>
