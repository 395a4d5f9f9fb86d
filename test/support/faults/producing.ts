/** Sending records, one and many, with each request that a producer lives by. */
import type { Producer, ProducerOptions } from '../../../client/index.ts'
import type { Cell } from './cell.ts'
import type { Operation } from './matrix.ts'

const notLeader = [5, 6]
const notLoaded = [14, 15]
const record = { value: Buffer.from('v'), partition: 0 }

/** Longer than one request may take: what one attempt does not do the next one may. */
function producerOf({ stele, limitMs }: Cell, options: ProducerOptions = {}): Producer {
  return stele.producer({ deliveryTimeoutMs: 4 * limitMs, ...options })
}

async function warm(cell: Cell, options?: ProducerOptions): Promise<Producer> {
  const producer = producerOf(cell, options)
  await producer.send('t', record)
  return producer
}

/** Each is heard of by itself; the first that fails counts. */
async function manySent(producer: Producer): Promise<void> {
  const records = Array.from({ length: 12 }, (_, nth) => ({ ...record, partition: nth % 2 }))
  const sent = await Promise.allSettled(records.map((one) => producer.send('t', one)))
  for (const one of sent) if (one.status === 'rejected') throw one.reason
}

const cold = async (cell: Cell) => {
  const producer = producerOf(cell)
  return () => producer.send('t', record)
}

export const producing: readonly Operation[] = [
  { name: 'the first record is sent, and a topic is looked for', api: 'Metadata', momentary: notLeader, ready: cold },
  { name: 'the first record is sent, and an identity is asked for', api: 'InitProducerId', momentary: notLoaded, ready: cold },
  {
    name: 'a record is sent',
    api: 'Produce',
    momentary: [...notLeader, 19],
    ready: async (cell) => {
      const producer = await warm(cell)
      return () => producer.send('t', record)
    },
  },
  {
    name: 'many records are sent at once',
    api: 'Produce',
    momentary: notLeader,
    ready: async (cell) => {
      const producer = await warm(cell)
      return () => manySent(producer)
    },
  },
  {
    name: 'a record is sent to the leader alone',
    api: 'Produce',
    momentary: notLeader,
    ready: async (cell) => {
      const producer = await warm(cell, { acks: 'leader' })
      return () => producer.send('t', record)
    },
  },
  {
    name: 'records are sent and flushed, and the producer is closed',
    api: 'Produce',
    momentary: notLeader,
    ready: (cell) => async () => {
      const producer = producerOf(cell, { lingerMs: 10 })
      const sent = producer.send('t', record)
      await Promise.all([sent, producer.flush()])
      await producer.close()
    },
  },
]
