/** InitProducerId (key 22): an id and epoch for an idempotent producer. Transactional ids need the transaction coordinator, not served yet. */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { InitProducerIdRequest, InitProducerIdResponse } from '../../client/protocol/messages/init-producer-id.ts'
import { api } from './handler.ts'

export const initProducerId = api({
  request: InitProducerIdRequest,
  response: InitProducerIdResponse,
  versions: [0, 5],
  async handle({ transactionalId, producerId, producerEpoch }, _context, { cluster }) {
    if (transactionalId === '') return { errorCode: ErrorCode.INVALID_REQUEST }
    if (transactionalId !== null) return { errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE }
    if ((producerId === -1) !== (producerEpoch === -1)) return { errorCode: ErrorCode.INVALID_REQUEST }
    const id = await cluster.nextProducerId()
    // The metadata log's disk failed: producers ask again.
    return id < 0 ? { errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE } : { producerId: id, producerEpoch: 0 }
  },
})
