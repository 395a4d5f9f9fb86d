/**
 * InitProducerId (key 22): an id and epoch, for an idempotent producer of this broker's choice, for a transactional one as its
 * coordinator knows it. Two-phase commit (KIP-939, version 6) is not served.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { InitProducerIdRequest, InitProducerIdResponse } from '../../client/protocol/messages/init-producer-id.ts'
import type { Of } from '../../client/protocol/schema.ts'
import { api } from './handler.ts'
import type { Services } from './services.ts'
import { fencedCode } from './transactional.ts'

type Request = Of<typeof InitProducerIdRequest>

const firstVersionWithFenced = 4
const none = -1

export const initProducerId = api({
  request: InitProducerIdRequest,
  response: InitProducerIdResponse,
  versions: [0, 5],
  async handle(request, { apiVersion }, services) {
    const { error, producerId, producerEpoch } = await initialize(request, services)
    return { errorCode: fencedCode(error, apiVersion >= firstVersionWithFenced), producerId, producerEpoch }
  },
})

function refused(error: number): { error: number; producerId: number; producerEpoch: number } {
  return { error, producerId: none, producerEpoch: none }
}

async function initialize(request: Request, { cluster, transactions, settings }: Services) {
  const { transactionalId, transactionTimeoutMs, producerId, producerEpoch } = request
  if ((producerId === none) !== (producerEpoch === none)) return refused(ErrorCode.INVALID_REQUEST)
  if (transactionalId === '') return refused(ErrorCode.INVALID_REQUEST)
  if (transactionalId === null) {
    const id = await cluster.nextProducerId()
    // The metadata log's disk failed: producers ask again.
    return id < 0 ? refused(ErrorCode.COORDINATOR_NOT_AVAILABLE) : { error: ErrorCode.NONE, producerId: id, producerEpoch: 0 }
  }
  if (transactionTimeoutMs <= 0 || transactionTimeoutMs > settings.get('transaction.max.timeout.ms')) {
    return refused(ErrorCode.INVALID_TRANSACTION_TIMEOUT)
  }
  const expected = producerId === none ? undefined : { producerId, producerEpoch }
  return transactions.initProducer(transactionalId, transactionTimeoutMs, expected)
}
