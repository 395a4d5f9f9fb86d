/** The first thing that a client asks for, by each of its parts: it dials, and asks what the broker serves. */
import type { Cell } from './cell.ts'
import type { FaultKind } from './kinds.ts'
import type { Act, Operation } from './matrix.ts'

const unsupportedVersion = 35

export interface FirstCall {
  readonly name: string
  readonly call: (cell: Cell) => Act
}

let groups = 0

function consumed({ stele, limitMs }: Cell, options: { group?: string; protocol?: 'classic' | 'consumer' }): Act {
  return async () => {
    const limits = { maxWaitMs: 20, patienceMs: 2 * limitMs }
    await using consumer = stele.consumer({ topics: ['t'], from: 'beginning', ...limits, ...options })
    for await (const _ of consumer) return
  }
}

const inGroup = (protocol: 'classic' | 'consumer') => (cell: Cell) => consumed(cell, { group: `first ${++groups}`, protocol })

export const firstCalls: readonly FirstCall[] = [
  {
    name: 'the cluster is described',
    call:
      ({ stele }) =>
      () =>
        stele.admin.cluster.describe(),
  },
  {
    name: 'a topic is described',
    call:
      ({ stele }) =>
      () =>
        stele.topics.describe(['t']),
  },
  {
    name: 'a group is described',
    call:
      ({ stele }) =>
      () =>
        stele.groups.describe('g'),
  },
  {
    name: 'a record is sent',
    call:
      ({ stele, limitMs }) =>
      () =>
        stele.producer({ deliveryTimeoutMs: 2 * limitMs }).send('t', { value: Buffer.from('v') }),
  },
  {
    name: 'a transaction is begun',
    call:
      ({ stele, name }) =>
      async () => {
        await using producer = stele.transactionalProducer({ transactionalId: name })
        await producer.begin()
      },
  },
  {
    name: 'a topic is read',
    call:
      ({ stele }) =>
      () =>
        stele.reader().batches('t', { from: 'beginning' }).next(),
  },
  { name: 'a topic is consumed', call: (cell) => consumed(cell, {}) },
  { name: 'a member joins a classic group', call: inGroup('classic') },
  { name: 'a member joins a consumer group', call: inGroup('consumer') },
]

/** It is no broker then, and nothing is asked of it. */
const servesNothing: FaultKind = {
  name: 'the broker says that it serves nothing',
  leads: 'refused',
  fault: { edit: (answer) => void (answer['apiKeys'] = []) },
  code: unsupportedVersion,
}

export const connecting: readonly Operation[] = firstCalls.map(({ name, call }) => ({
  name: `${name}, and first what is served asked for`,
  api: 'ApiVersions',
  ready: (cell) => call(cell),
  more: [servesNothing],
}))
