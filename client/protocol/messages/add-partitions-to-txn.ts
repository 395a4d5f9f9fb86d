/** AddPartitionsToTxn (key 24). */
import { array, bool, int16, int32, int64, message, type Of, string } from '../schema.ts'

export const AddPartitionsToTxnRequest = message({
  name: 'AddPartitionsToTxnRequest',
  type: 'request',
  key: 24,
  versions: '0-5',
  flexible: '3+',
  fields: {
    transactions: array('4+', {
      transactionalId: string('4+'),
      producerId: int64('4+'),
      producerEpoch: int16('4+'),
      verifyOnly: bool('4+'),
      topics: array('4+', {
        name: string('4+'),
        partitions: array('4+', int32),
      }),
    }), // several at once, from brokers, KIP-890
    v3AndBelowTransactionalId: string('0-3'),
    v3AndBelowProducerId: int64('0-3'),
    v3AndBelowProducerEpoch: int16('0-3'),
    v3AndBelowTopics: array('0-3', {
      name: string('0-3'),
      partitions: array('0-3', int32),
    }),
  },
})
export type AddPartitionsToTxnRequest = Of<typeof AddPartitionsToTxnRequest>

export const AddPartitionsToTxnResponse = message({
  name: 'AddPartitionsToTxnResponse',
  type: 'response',
  key: 24,
  versions: '0-5',
  flexible: '3+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('4+', { ignorable: true }),
    resultsByTransaction: array('4+', {
      transactionalId: string('4+'),
      topicResults: array('4+', {
        name: string('4+'),
        resultsByPartition: array('4+', {
          partitionIndex: int32('4+'),
          partitionErrorCode: int16('4+'),
        }),
      }),
    }),
    resultsByTopicV3AndBelow: array('0-3', {
      name: string('0-3'),
      resultsByPartition: array('0-3', {
        partitionIndex: int32('0-3'),
        partitionErrorCode: int16('0-3'),
      }),
    }),
  },
})
export type AddPartitionsToTxnResponse = Of<typeof AddPartitionsToTxnResponse>
