/** AddOffsetsToTxn (key 25). */
import { int16, int32, int64, message, type Of, string } from '../schema.ts'

export const AddOffsetsToTxnRequest = message({
  name: 'AddOffsetsToTxnRequest',
  type: 'request',
  key: 25,
  versions: '0-4',
  flexible: '3+',
  fields: {
    transactionalId: string('0+'),
    producerId: int64('0+'),
    producerEpoch: int16('0+'),
    groupId: string('0+'),
  },
})
export type AddOffsetsToTxnRequest = Of<typeof AddOffsetsToTxnRequest>

export const AddOffsetsToTxnResponse = message({
  name: 'AddOffsetsToTxnResponse',
  type: 'response',
  key: 25,
  versions: '0-4',
  flexible: '3+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
  },
})
export type AddOffsetsToTxnResponse = Of<typeof AddOffsetsToTxnResponse>
