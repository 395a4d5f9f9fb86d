/** Value of a coordinator’s record: TransactionLogValue (type 0). */
import { array, int16, int32, int64, int8, message, nullableArray, type Of, string } from '../../schema.ts'

export const TransactionLogValue = message({
  name: 'TransactionLogValue',
  type: 'coordinator-value',
  key: 0,
  versions: '0-1',
  flexible: '1+',
  fields: {
    producerId: int64('0+'),
    previousProducerId: int64('1+', { default: -1, tag: 0 }),
    nextProducerId: int64('1+', { default: -1, tag: 1 }),
    producerEpoch: int16('0+'),
    nextProducerEpoch: int16('1+', { default: -1, tag: 3 }),
    transactionTimeoutMs: int32('0+'),
    transactionStatus: int8('0+'),
    transactionPartitions: nullableArray(
      '0+',
      {
        topic: string('0+'),
        partitionIds: array('0+', int32),
      },
      { default: [] },
    ),
    transactionLastUpdateTimestampMs: int64('0+'),
    transactionStartTimestampMs: int64('0+'),
    clientTransactionVersion: int16('1+', { tag: 2 }),
  },
})
export type TransactionLogValue = Of<typeof TransactionLogValue>
