/** Transactions, step by step. What comes after a fault is what an application does then: it aborts, or begins with a producer anew. */
import type { Transaction, TransactionalProducer } from '../../../client/index.ts'
import type { Cell } from './cell.ts'
import type { Operation } from './matrix.ts'

const notCoordinator = [14, 15, 16]
const concurrent = 51
const record = { value: Buffer.from('v'), partition: 0 }
const offsets = [{ topic: 't', partition: 0, offset: 1 }]
/** Nobody heard how it ended; or an attempt before made it end. */
const perhapsEnded = /^(COMMIT_UNKNOWN|REQUEST_TIMED_OUT|CONNECTION_LOST)$/

function producerOf({ stele, name, limitMs }: Cell): TransactionalProducer {
  return stele.transactionalProducer({ transactionalId: name, deliveryTimeoutMs: 4 * limitMs })
}

async function begun(cell: Cell): Promise<Transaction> {
  const transaction = await producerOf(cell).begin()
  await transaction.send('t', record)
  return transaction
}

/** Whoever is at an end with one producer begins again with another. */
async function afterwards(cell: Cell): Promise<void> {
  await using producer = producerOf(cell)
  await using transaction = await producer.begin()
  await transaction.send('t', record)
  await transaction.sendOffsets(cell.name, offsets)
  await transaction.commit()
}

export const transacting: readonly Operation[] = [
  {
    name: 'a transaction is begun, and its coordinator looked for',
    api: 'FindCoordinator',
    momentary: [15],
    ready: (cell) => () => producerOf(cell).begin(),
    afterwards,
  },
  {
    name: 'a transaction is begun',
    api: 'InitProducerId',
    momentary: [...notCoordinator, concurrent],
    ready: (cell) => () => producerOf(cell).begin(),
    afterwards,
  },
  {
    name: 'a record is sent in a transaction',
    api: 'Produce',
    momentary: [6],
    ready: async (cell) => {
      const transaction = await producerOf(cell).begin()
      return () => transaction.send('t', record)
    },
    afterwards,
  },
  {
    name: 'offsets are sent in a transaction',
    api: 'TxnOffsetCommit',
    momentary: notCoordinator,
    ready: async (cell) => {
      const transaction = await begun(cell)
      return () => transaction.sendOffsets(cell.name, offsets)
    },
    afterwards,
  },
  {
    name: 'a transaction is committed',
    api: 'EndTxn',
    momentary: [...notCoordinator, concurrent],
    ready: async (cell) => {
      const transaction = await begun(cell)
      return () => transaction.commit()
    },
    afterwards,
    or: perhapsEnded,
  },
  {
    name: 'a transaction is aborted',
    api: 'EndTxn',
    momentary: [...notCoordinator, concurrent],
    ready: async (cell) => {
      const transaction = await begun(cell)
      return () => transaction.abort()
    },
    afterwards,
  },
]
