/** Markers are written until they are. */
import t from 'tap'
import { Markers, type MarkerWriter } from '../../../broker/transactions/markers.ts'
import { newTransaction, type Transaction } from '../../../broker/transactions/transaction.ts'
import { ErrorCode } from '../../../client/protocol/errors.ts'

const logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => logger }
const ending: Transaction = {
  ...newTransaction('tx', 5),
  state: 'PrepareCommit',
  producerEpoch: 3,
  clientVersion: 2,
  partitions: new Map([
    ['a', [0, 1]],
    ['b', [0]],
  ]),
}

/** Time stands still: what waits goes on when `wake` is called. */
class Waiting {
  readonly #waiting: (() => void)[] = []
  readonly clock = {
    now: () => 0,
    monotonic: () => 0,
    endOfTurn() {},
    after: (_millis: number, wake: () => void) => {
      this.#waiting.push(wake)
      return { cancel() {} }
    },
  }

  get count(): number {
    return this.#waiting.length
  }

  async wake(): Promise<void> {
    for (const wake of this.#waiting.splice(0)) wake()
    await settle()
  }
}

/** All promises that are due have run. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

function send(writer: MarkerWriter, waiting: Waiting, { isInOffice = (): boolean => true, transaction = ending } = {}) {
  const markers = new Markers({ writer, clock: waiting.clock, logger })
  const sent = { markers, isDone: false }
  markers.send({ transaction, coordinatorEpoch: 4, isInOffice, done: () => (sent.isDone = true) })
  return sent
}

t.test('a transaction is done when each of its partitions has its marker, however often it takes', async (t) => {
  const waiting = new Waiting()
  const written: string[] = []
  let isOffline = true
  const sent = send(
    {
      isGone: () => false,
      write: async (topic, index, end) => {
        if (topic === 'b' && isOffline) return ErrorCode.KAFKA_STORAGE_ERROR
        written.push(`${topic}-${index} ${end.committed} ${end.producerId}:${end.producerEpoch} by ${end.coordinatorEpoch}`)
        return ErrorCode.NONE
      },
    },
    waiting,
  )
  await settle()
  t.same(written, ['a-0 true 5:3 by 4', 'a-1 true 5:3 by 4'])
  t.same([sent.isDone, sent.markers.outstanding], [false, 1])
  await waiting.wake()
  t.equal(sent.isDone, false)
  isOffline = false
  await waiting.wake()
  t.same([sent.isDone, sent.markers.outstanding, written.at(-1)], [true, 0, 'b-0 true 5:3 by 4'])
})

t.test('a partition that is no more needs none, and one where somebody came later gets none', async (t) => {
  const sent = send(
    { isGone: (topic) => topic === 'b', write: async (_topic, index) => (index === 0 ? ErrorCode.NONE : ErrorCode.INVALID_PRODUCER_EPOCH) },
    new Waiting(),
  )
  await settle()
  t.equal(sent.isDone, true)
})

t.test('without partitions it is done at once', (t) => {
  const sent = send({ isGone: () => false, write: async () => ErrorCode.NONE }, new Waiting(), {
    transaction: { ...ending, partitions: new Map() },
  })
  t.equal(sent.isDone, true)
  t.end()
})

t.test('a coordinator that is no longer in office stops trying, and one that closes does', async (t) => {
  const waiting = new Waiting()
  let isInOffice = true
  const writer = { isGone: () => false, write: async () => ErrorCode.NOT_LEADER_OR_FOLLOWER }
  const deposed = send(writer, waiting, { isInOffice: () => isInOffice })
  const closed = send(writer, waiting)
  await settle()
  t.equal(waiting.count, 6)
  isInOffice = false
  closed.markers.close()
  await waiting.wake()
  t.same([deposed.isDone, closed.isDone, waiting.count], [false, false, 0])
  t.same([deposed.markers.outstanding, closed.markers.outstanding], [0, 0])
})
