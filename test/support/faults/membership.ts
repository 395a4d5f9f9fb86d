/** The life of a member of a group, of both protocols: it joins, says that it lives, commits, leaves. */
import { type Consumer, type ConsumedRecord } from '../../../client/index.ts'
import type { Cell } from './cell.ts'
import type { Operation } from './matrix.ts'
import { steadyPause } from './steady-clock.ts'

type Protocol = 'classic' | 'consumer'

const notCoordinator = [14, 15, 16]
const recordsMin = 8
const heartbeatMs = 30

let groups = 0

/** Of a group that nobody else is in. */
function memberOf({ stele, limitMs }: Cell, protocol: Protocol): Consumer {
  return stele.consumer({
    topics: ['t'],
    group: `members ${++groups}`,
    protocol,
    from: 'beginning',
    autoCommit: false,
    maxWaitMs: 20,
    heartbeatMs,
    patienceMs: 2 * limitMs,
    // A join may wait for other members for so long, beside its patience.
    maxPollIntervalMs: 2 * limitMs,
  })
}

async function takeOne(consumer: Consumer): Promise<ConsumedRecord<Uint8Array | null, Uint8Array | null> | undefined> {
  for await (const record of consumer) return record
  return undefined
}

/** Slowly enough that whoever can do without hearing of it no longer does. */
async function takeTheRest(consumer: Consumer, limitMs: number): Promise<void> {
  const pauseMs = Math.min(150, limitMs)
  for (let count = 1; count < recordsMin; count++) {
    await takeOne(consumer)
    await steadyPause(pauseMs)
  }
}

/** Joins, reads all there is, commits, leaves. */
async function live(cell: Cell, protocol: Protocol): Promise<void> {
  await using consumer = memberOf(cell, protocol)
  let count = 0
  for await (const _ of consumer) if (++count === recordsMin) break
  await consumer.commit()
}

const joined = async (cell: Cell, protocol: Protocol): Promise<Consumer> => {
  const consumer = memberOf(cell, protocol)
  await takeOne(consumer)
  return consumer
}

function life(protocol: Protocol, { join, beat, leave }: { join: readonly string[]; beat: string; leave: string }): Operation[] {
  const afterwards = (cell: Cell) => live(cell, protocol)
  return [
    ...join.map(
      (api): Operation => ({
        name: `a member joins a ${protocol} group, by ${api}`,
        api,
        momentary: api === 'FindCoordinator' ? [15] : notCoordinator,
        ready: (cell) => () => live(cell, protocol),
      }),
    ),
    {
      name: `a member of a ${protocol} group says that it lives`,
      api: beat,
      momentary: notCoordinator,
      ready: async (cell) => {
        const consumer = await joined(cell, protocol)
        return async () => {
          await cell.proxy.met
          await takeTheRest(consumer, cell.limitMs)
          await consumer.commit()
        }
      },
      afterwards,
    },
    {
      name: `a member of a ${protocol} group commits`,
      api: 'OffsetCommit',
      momentary: notCoordinator,
      ready: async (cell) => {
        const consumer = await joined(cell, protocol)
        return () => consumer.commit()
      },
      afterwards,
    },
    {
      name: `a member leaves a ${protocol} group`,
      api: leave,
      momentary: notCoordinator,
      ready: async (cell) => {
        const consumer = await joined(cell, protocol)
        return () => consumer.close()
      },
      afterwards,
      // It is over, whether anybody hears the goodbye or not.
      unharmedBy: () => true,
    },
  ]
}

export const membership: readonly Operation[] = [
  ...life('classic', { join: ['FindCoordinator', 'JoinGroup', 'SyncGroup', 'OffsetFetch'], beat: 'Heartbeat', leave: 'LeaveGroup' }),
  ...life('consumer', {
    join: ['FindCoordinator', 'ConsumerGroupHeartbeat', 'OffsetFetch'],
    beat: 'ConsumerGroupHeartbeat',
    leave: 'ConsumerGroupHeartbeat',
  }),
]
