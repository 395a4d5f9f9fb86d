/**
 * Transactional producers, each on a connection of its own: so many records in a transaction, one after another, committed.
 * In the newest way both sides know: with transaction version 2 (KIP-890) partitions are added by producing to them.
 *
 *     node bench/load/transactions.ts HOST:PORT [producers 8] [records in a transaction 100] [record bytes 100] [seconds 5]
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { AddPartitionsToTxnRequest, AddPartitionsToTxnResponse } from '../../client/protocol/messages/add-partitions-to-txn.ts'
import { ApiVersionsRequest, ApiVersionsResponse } from '../../client/protocol/messages/api-versions.ts'
import { EndTxnRequest, EndTxnResponse } from '../../client/protocol/messages/end-txn.ts'
import { InitProducerIdRequest, InitProducerIdResponse } from '../../client/protocol/messages/init-producer-id.ts'
import { ProduceRequest, ProduceResponse } from '../../client/protocol/messages/produce.ts'
import { buildBatch } from '../../client/records/builder.ts'
import { awaitCoordinator, check, connect, createTopic, Durations, now, pause, report, targetOf } from './broker.ts'

const target = targetOf(process.argv[2])
const [producerCount = 8, recordCount = 100, recordBytes = 100, seconds = 5] = process.argv.slice(3).map(Number)
const topic = `transactions-${Date.now()}`
const admin = await connect(target, 'bench')
await createTopic(admin, topic, producerCount)
const ids = Array.from({ length: producerCount }, (_, nth) => `${topic}-${nth}`)
await awaitCoordinator(admin, 1, ids)
const features = await admin.send(ApiVersionsRequest, ApiVersionsResponse, { clientSoftwareName: 'bench', clientSoftwareVersion: '1' })
const isSecond = features.finalizedFeatures.some(({ name, maxVersionLevel }) => name === 'transaction.version' && maxVersionLevel >= 2)
/** The last versions in which transactions are as they were before KIP-890's second part; of AddPartitionsToTxn the last for clients. */
const first = { produce: 11, endTxn: 4, addPartitions: 3 }
/** Topics by their names. */
const produceVersionMax = isSecond ? 12 : first.produce
const retriable: readonly number[] = [
  ErrorCode.CONCURRENT_TRANSACTIONS,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
]

async function untilReady<A extends { errorCode: number }>(ask: () => Promise<A>): Promise<A> {
  for (;;) {
    const answer = await ask()
    if (!retriable.includes(answer.errorCode)) return answer
    await pause(2)
  }
}

const timestamp = Date.now()
const value = Buffer.alloc(recordBytes, 'v')
const records = Array.from({ length: recordCount }, () => ({ timestamp, value }))
const durations = new Durations()

async function produceForever(index: number, transactionalId: string, end: () => number): Promise<void> {
  const connection = await connect(target, 'bench')
  const init = { transactionalId, transactionTimeoutMs: 60_000 }
  const initialised = await untilReady(() => connection.send(InitProducerIdRequest, InitProducerIdResponse, init))
  check('InitProducerId', initialised.errorCode)
  let { producerId, producerEpoch } = initialised
  let sequence = 0
  while (now() < end()) {
    const began = now()
    if (!isSecond) {
      const body = { v3AndBelowTransactionalId: transactionalId, v3AndBelowProducerId: producerId, v3AndBelowProducerEpoch: producerEpoch }
      await untilReady(async () => {
        const topics = [{ name: topic, partitions: [index] }]
        const request = { ...body, v3AndBelowTopics: topics }
        const answer = await connection.send(AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, request, first.addPartitions)
        return { errorCode: answer.resultsByTopicV3AndBelow[0]?.resultsByPartition[0]?.partitionErrorCode ?? 0 }
      })
    }
    const produced = await untilReady(async () => {
      const batch = buildBatch({ records, producerId, producerEpoch, baseSequence: sequence, isTransactional: true })
      const topicData = [{ name: topic, partitionData: [{ index, records: batch }] }]
      const body = { transactionalId, acks: -1, timeoutMs: 30_000, topicData }
      const answer = await connection.send(ProduceRequest, ProduceResponse, body, produceVersionMax)
      return { errorCode: answer.responses[0]?.partitionResponses[0]?.errorCode ?? 0 }
    })
    check('Produce', produced.errorCode)
    sequence += recordCount
    const ending = { transactionalId, producerId, producerEpoch, committed: true }
    const ended = await untilReady(() => connection.send(EndTxnRequest, EndTxnResponse, ending, isSecond ? 5 : first.endTxn))
    check('EndTxn', ended.errorCode)
    if (isSecond) {
      if (ended.producerId !== producerId || ended.producerEpoch !== producerEpoch) sequence = 0
      ;({ producerId, producerEpoch } = ended)
    }
    durations.add(now() - began)
  }
  await connection.close()
}

const began = now()
await Promise.all(ids.map((id, index) => produceForever(index, id, () => began + seconds * 1000)))
const took = (now() - began) / 1000
report({
  tool: 'transactions',
  producers: producerCount,
  records: recordCount,
  version: isSecond ? 2 : 1,
  transactionsPerSecond: durations.count / took,
  recordsPerSecond: (durations.count * recordCount) / took,
  p50Millis: durations.quantile(0.5),
  p99Millis: durations.quantile(0.99),
})
await admin.close()
