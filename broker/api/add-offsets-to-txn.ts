/** AddOffsetsToTxn (key 25): the offsets of a group become part of a producer's transaction: its partition of `__consumer_offsets` does. */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { AddOffsetsToTxnRequest, AddOffsetsToTxnResponse } from '../../client/protocol/messages/add-offsets-to-txn.ts'
import { offsetsTopic } from '../cluster/internal-topics.ts'
import { partitionFor } from '../coordinator/partition-for.ts'
import { api } from './handler.ts'
import { fencedCode } from './transactional.ts'

const firstVersionWithFenced = 2

export const addOffsetsToTxn = api({
  request: AddOffsetsToTxnRequest,
  response: AddOffsetsToTxnResponse,
  versions: [0, 4],
  async handle({ transactionalId, producerId, producerEpoch, groupId }, { apiVersion }, { cluster, transactions }) {
    if (transactionalId === '') return { errorCode: ErrorCode.INVALID_REQUEST }
    const made = await cluster.ensureInternalTopic(offsetsTopic)
    if (made !== ErrorCode.NONE) return { errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE }
    const count = cluster.image.topics.get(offsetsTopic)?.partitions.length ?? 0
    if (count === 0) return { errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE }
    const added = new Map([[offsetsTopic, [partitionFor(groupId, count)]]])
    const error = await transactions.addPartitions(transactionalId, { producerId, producerEpoch }, added, 0)
    return { errorCode: fencedCode(error, apiVersion >= firstVersionWithFenced) }
  },
})
