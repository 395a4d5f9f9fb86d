/**
 * EndTxn (key 26): a producer commits its transaction, or aborts it. Answered when that is decided for good; the markers follow.
 * From version 5 on the answer has the epoch, and perhaps the id, that the producer goes on with (KIP-890).
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { EndTxnRequest, EndTxnResponse } from '../../client/protocol/messages/end-txn.ts'
import { api } from './handler.ts'
import { fencedCode } from './transactional.ts'

const firstVersionWithFenced = 2
const firstVersionThatBumps = 5

export const endTxn = api({
  request: EndTxnRequest,
  response: EndTxnResponse,
  versions: [0, 5],
  async handle({ transactionalId, committed, ...claim }, { apiVersion }, { transactions }) {
    if (transactionalId === '') return { errorCode: ErrorCode.INVALID_REQUEST }
    const clientVersion = apiVersion >= firstVersionThatBumps ? 2 : 0
    const { error, ...producer } = await transactions.end(transactionalId, claim, committed, clientVersion)
    return { errorCode: fencedCode(error, apiVersion >= firstVersionWithFenced), ...producer }
  },
})
