/**
 * TxnOffsetCommit (key 28): how far a group has read, as part of a producer's transaction: it counts once that is committed.
 * Before the first one the coordinator of transactions is asked whether the group's offsets are part of the transaction; from version 5 on
 * they become so by being committed (KIP-890).
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { TxnOffsetCommitRequest, TxnOffsetCommitResponse } from '../../client/protocol/messages/txn-offset-commit.ts'
import { offsetsTopic } from '../cluster/internal-topics.ts'
import { CoordinatorError } from '../coordinator/coordinator-error.ts'
import type { TransactionalCommitAnswer } from '../groups/offsets/committing.ts'
import { answeredOr, clientOf } from './coordinated.ts'
import { api, type RequestContext } from './handler.ts'
import { joinTopics, refuseTopics, sortTopics } from './offset-topics.ts'
import type { Services } from './services.ts'
import { joinTransaction } from './transactional.ts'

const firstVersionWithAbortable = 4
const firstVersionThatAdds = 5
const firstVersionWithTopicIds = 6

export const txnOffsetCommit = api({
  request: TxnOffsetCommitRequest,
  response: TxnOffsetCommitResponse,
  versions: [0, 6],
  async handle(request, context, services) {
    const { known, refused } = sortTopics(request.topics, context.apiVersion >= firstVersionWithTopicIds, services.cluster)
    if (known.length === 0 && refused.length > 0) return { topics: refused }
    const asked = commit({ ...request, topics: known }, context, services)
    const { topics = [] } = await answeredOr(asked, (errorCode) => ({ topics: refuseTopics(known, errorCode) }))
    return { topics: joinTopics(refused, topics) }
  },
})

async function commit(request: TxnOffsetCommitRequest, context: RequestContext, services: Services): Promise<TransactionalCommitAnswer> {
  const { transactionalId, producerId, producerEpoch, groupId } = request
  const { apiVersion } = context
  const { groups } = services
  const { index, log } = groups.partitionOf(groupId)
  if (log.producers.hasTransaction(producerId, producerEpoch)) return groups.commitInTransaction(request, clientOf(context))
  const markers = log.producers.markersOf(producerId)
  const [error = ErrorCode.NONE] = await joinTransaction(services, {
    transactionalId,
    claim: { producerId, producerEpoch },
    partitions: [{ topic: offsetsTopic, index }],
    adds: apiVersion >= firstVersionThatAdds,
    knowsAbortable: apiVersion >= firstVersionWithAbortable,
  })
  if (error !== ErrorCode.NONE) throw new CoordinatorError(error)
  // A transaction that has ended meanwhile takes no more; a producer of version 2 is fenced by its epoch instead.
  const hasEnded = apiVersion < firstVersionThatAdds && log.producers.markersOf(producerId) !== markers
  if (hasEnded) throw new CoordinatorError(ErrorCode.INVALID_TXN_STATE)
  return groups.commitInTransaction(request, clientOf(context))
}
