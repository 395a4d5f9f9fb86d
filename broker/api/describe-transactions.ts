/** DescribeTransactions (key 65): what the coordinator of each transactional id knows of it (KIP-664). */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { DescribeTransactionsRequest, DescribeTransactionsResponse } from '../../client/protocol/messages/describe-transactions.ts'
import { CoordinatorError } from '../coordinator/coordinator-error.ts'
import { api } from './handler.ts'
import type { Services } from './services.ts'

export const describeTransactions = api({
  request: DescribeTransactionsRequest,
  response: DescribeTransactionsResponse,
  versions: [0, 0],
  async handle({ transactionalIds }, _context, services) {
    return { transactionStates: await Promise.all(transactionalIds.map((id) => describe(id, services))) }
  },
})

async function describe(transactionalId: string, { transactions }: Services) {
  if (transactionalId === '') return { transactionalId, errorCode: ErrorCode.INVALID_REQUEST }
  try {
    const known = await transactions.describe(transactionalId)
    if (!known) return { transactionalId, errorCode: ErrorCode.TRANSACTIONAL_ID_NOT_FOUND }
    return {
      transactionalId,
      transactionState: known.state,
      transactionTimeoutMs: known.timeoutMillis,
      transactionStartTimeMs: known.startedAt,
      producerId: known.producerId,
      producerEpoch: known.producerEpoch,
      topics: [...known.partitions].map(([topic, partitions]) => ({ topic, partitions: [...partitions] })),
    }
  } catch (error) {
    if (error instanceof CoordinatorError) return { transactionalId, errorCode: error.code }
    throw error
  }
}
