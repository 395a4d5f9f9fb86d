/**
 * AddPartitionsToTxn (key 24): partitions become part of a producer's transaction. From version 4 on it is the brokers' own (KIP-890):
 * several transactions at once, to add to or only to look at.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { AddPartitionsToTxnRequest, AddPartitionsToTxnResponse } from '../../client/protocol/messages/add-partitions-to-txn.ts'
import type { Of } from '../../client/protocol/schema.ts'
import { api } from './handler.ts'
import type { Services } from './services.ts'
import { fencedCode, partitionFault, partitionsOf } from './transactional.ts'

type Request = Of<typeof AddPartitionsToTxnRequest>
type Asked = Omit<Request['transactions'][number], 'verifyOnly'>
type Codes = (topic: string, index: number) => number

const firstVersionWithFenced = 2
const firstVersionOfBrokers = 4

export const addPartitionsToTxn = api({
  request: AddPartitionsToTxnRequest,
  response: AddPartitionsToTxnResponse,
  versions: [0, 5],
  async handle(request, { apiVersion }, services) {
    if (apiVersion < firstVersionOfBrokers) {
      const asked = {
        transactionalId: request.v3AndBelowTransactionalId,
        producerId: request.v3AndBelowProducerId,
        producerEpoch: request.v3AndBelowProducerEpoch,
        topics: request.v3AndBelowTopics,
      }
      const codes = await add(asked, 0, services)
      const known: Codes = (topic, index) => fencedCode(codes(topic, index), apiVersion >= firstVersionWithFenced)
      return { resultsByTopicV3AndBelow: results(asked, known) }
    }
    const resultsByTransaction = await Promise.all(
      request.transactions.map(async ({ verifyOnly, ...asked }) => {
        const codes = verifyOnly ? await verify(asked, services) : await add(asked, 2, services)
        return { transactionalId: asked.transactionalId, topicResults: results(asked, codes) }
      }),
    )
    return { resultsByTransaction }
  },
})

function results({ topics }: Asked, codes: Codes) {
  return topics.map(({ name, partitions }) => ({
    name,
    resultsByPartition: partitions.map((partitionIndex) => ({ partitionIndex, partitionErrorCode: codes(name, partitionIndex) })),
  }))
}

/** All of them or none: where one can't be added, the others are not tried. */
async function add(
  { transactionalId, producerId, producerEpoch, topics }: Asked,
  clientVersion: 0 | 2,
  services: Services,
): Promise<Codes> {
  const isKnown: Codes = (topic, index) => partitionFault(services, topic, index)
  if (topics.some(({ name, partitions }) => partitions.some((index) => isKnown(name, index) !== ErrorCode.NONE))) {
    return (topic, index) => isKnown(topic, index) || ErrorCode.OPERATION_NOT_ATTEMPTED
  }
  if (transactionalId === '') return () => ErrorCode.INVALID_REQUEST
  const claim = { producerId, producerEpoch }
  const error = await services.transactions.addPartitions(transactionalId, claim, partitionsOf(topics), clientVersion)
  return () => error
}

async function verify({ transactionalId, producerId, producerEpoch, topics }: Asked, { transactions }: Services): Promise<Codes> {
  if (transactionalId === '') return () => ErrorCode.INVALID_REQUEST
  const found = new Map<string, number>()
  for (const { name, partitions } of topics) {
    for (const index of partitions) {
      found.set(`${name}-${index}`, await transactions.verifyPartition(transactionalId, { producerId, producerEpoch }, name, index))
    }
  }
  return (topic, index) => found.get(`${topic}-${index}`) ?? ErrorCode.NONE
}
