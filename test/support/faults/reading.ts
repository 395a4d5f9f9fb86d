/** Reading without a group that shares, with each request that a reader lives by. */
import { ClientError, type Consumer, type ConsumerOptions } from '../../../client/index.ts'
import type { Cell } from './cell.ts'
import type { Act, Operation } from './matrix.ts'

const notLeader = [6]
const notCoordinator = [14, 15, 16]
const t0 = { topic: 't', partition: 0 }
/** What every reading of `t` finds at least. */
const recordsMin = 8

function consumerOf({ stele, limitMs }: Cell, options: Partial<ConsumerOptions> = {}): Consumer {
  return stele.consumer({ topics: ['t'], from: 'beginning', maxWaitMs: 20, patienceMs: 2 * limitMs, ...options })
}

const readToEnd =
  ({ stele }: Cell): Act =>
  async () => {
    let count = 0
    for await (const records of stele.reader().batches('t', { from: 'beginning', untilEnd: true })) count += records.length
    if (count < recordsMin) throw endedEarly(count)
  }

const consume =
  (cell: Cell): Act =>
  async () => {
    await using consumer = consumerOf(cell)
    let count = 0
    for await (const _ of consumer) if (++count === recordsMin) break
    if (count < recordsMin) throw endedEarly(count)
  }

/** A loop ends when its consumer is closed; otherwise not before it is done. */
function endedEarly(count: number): ClientError {
  return new ClientError('ENDED_EARLY', `only ${count} records were read`)
}

async function committing(cell: Cell): Promise<Consumer> {
  const consumer = consumerOf(cell, { topics: undefined as never, partitions: [t0], group: cell.name, autoCommit: false })
  for await (const _ of consumer) break
  return consumer
}

/** As Kafka's own consumer does: a broker that stumbles over a fetch is asked again. */
const fetchedAgain = ({ code }: { readonly code?: number }, isLasting: boolean) => code === -1 && !isLasting

export const reading: readonly Operation[] = [
  { name: 'a topic is read to its end, and looked for', api: 'Metadata', momentary: [5], ready: readToEnd },
  { name: 'a topic is read to its end, and its ends are asked for', api: 'ListOffsets', momentary: notLeader, ready: readToEnd },
  { name: 'a topic is read to its end', api: 'Fetch', momentary: notLeader, ready: readToEnd, unharmedBy: fetchedAgain },
  { name: 'a topic is consumed, and looked for', api: 'Metadata', momentary: [5], ready: consume },
  { name: 'a topic is consumed, and its beginning is asked for', api: 'ListOffsets', momentary: notLeader, ready: consume },
  { name: 'a topic is consumed', api: 'Fetch', momentary: notLeader, ready: consume, unharmedBy: fetchedAgain },
  {
    name: 'a partition is chosen, and the coordinator of its group looked for',
    api: 'FindCoordinator',
    momentary: [15],
    ready: (cell) => async () => (await committing(cell)).close(),
  },
  {
    name: 'a partition is chosen, and its committed offset is asked for',
    api: 'OffsetFetch',
    momentary: notCoordinator,
    ready: (cell) => async () => (await committing(cell)).close(),
  },
  {
    name: 'what was read is committed',
    api: 'OffsetCommit',
    momentary: notCoordinator,
    ready: async (cell) => {
      const consumer = await committing(cell)
      return () => consumer.commit()
    },
  },
  {
    name: 'what is committed is asked for',
    api: 'OffsetFetch',
    momentary: notCoordinator,
    ready: async (cell) => {
      const consumer = await committing(cell)
      await consumer.commit()
      return () => consumer.committed([t0])
    },
  },
]
