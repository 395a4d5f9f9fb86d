/** Stories of one transactional id, step by step: what is answered, and what the coordinator knows afterwards. */
import t from 'tap'
import { initialized, newTransaction } from '../../../broker/transactions/transaction.ts'
import { Stage } from '../../support/transaction-stage.ts'

const claimOf = (producerId: number, producerEpoch: number) => ({ producerId, producerEpoch })

t.test('transactions of version 2: every end bumps the epoch, and partitions come as they are written to', (t) => {
  const stage = new Stage()
  stage.tell('init', stage.init())
  stage.add('add', claimOf(100, 0), { a: [0] })
  stage.add('add again', claimOf(100, 0), { a: [0, 1], b: [2] })
  stage.tell('commit', stage.end(true, claimOf(100, 0)))
  stage.add('add too early', claimOf(100, 1), { a: [0] })
  stage.tell('commit again', stage.end(true, claimOf(100, 0)))
  stage.writeMarkers()
  stage.tell('commit once more', stage.end(true, claimOf(100, 0)))
  stage.add('add', claimOf(100, 1), { a: [0] })
  stage.add('add late', claimOf(100, 0), { a: [1] })
  stage.tell('abort', stage.end(false, claimOf(100, 1)))
  stage.writeMarkers()
  stage.tell('abort of nothing', stage.end(false, claimOf(100, 2)))
  stage.writeMarkers()
  stage.lines.push(stage.state)
  t.same(stage.taken(), [
    'init: 100:0 → Empty 100:0',
    'add: NONE',
    'add again: NONE',
    'commit: 100:1 → PrepareCommit 100:1 a/0,1 b/2',
    'add too early: CONCURRENT_TRANSACTIONS',
    'commit again: CONCURRENT_TRANSACTIONS → PrepareCommit 100:1 a/0,1 b/2',
    'commit once more: 100:1 → CompleteCommit 100:1',
    'add: NONE',
    'add late: PRODUCER_FENCED',
    'abort: 100:2 → PrepareAbort 100:2 a/0',
    'abort of nothing: 100:3 → PrepareAbort 100:3',
    'CompleteAbort 100:3',
  ])
  t.end()
})

t.test('transactions of version 1 keep their epoch from one to the next', (t) => {
  const stage = new Stage()
  stage.version = 0
  stage.tell('init', stage.init())
  stage.add('add', claimOf(100, 0), { a: [0] }, 0)
  stage.tell('commit', stage.end(true, claimOf(100, 0), 0))
  stage.writeMarkers()
  stage.add('add', claimOf(100, 0), { a: [0] }, 0)
  stage.tell('abort', stage.end(false, claimOf(100, 0), 0))
  stage.writeMarkers()
  stage.tell('commit', stage.end(true, claimOf(100, 0), 0))
  t.same(stage.taken(), [
    'init: 100:0 → Empty 100:0',
    'add: NONE',
    'commit: 100:0 → PrepareCommit 100:0 a/0',
    'add: NONE',
    'abort: 100:0 → PrepareAbort 100:0 a/0',
    'commit: INVALID_TXN_STATE → CompleteAbort 100:0',
  ])
  t.end()
})

for (const version of [0, 2] as const) {
  t.test(`who begins while a transaction is under way has it aborted first, and its producer fenced (version ${version})`, (t) => {
    const stage = new Stage()
    stage.version = version
    stage.init()
    stage.add('add', claimOf(100, 0), { a: [0] }, version)
    stage.tell('init', stage.init())
    stage.tell('init again', stage.init())
    stage.writeMarkers()
    stage.tell('init once more', stage.init())
    stage.add('the old one adds', claimOf(100, 0), { a: [1] }, version)
    stage.tell('the old one commits', stage.end(true, claimOf(100, 0), version))
    t.same(stage.taken(), [
      'add: NONE',
      'init: CONCURRENT_TRANSACTIONS → PrepareAbort 100:1 a/0',
      'init again: CONCURRENT_TRANSACTIONS → PrepareAbort 100:1 a/0',
      'init once more: 100:2 → Empty 100:2',
      'the old one adds: PRODUCER_FENCED',
      'the old one commits: PRODUCER_FENCED → Empty 100:2',
    ])
    t.end()
  })
}

t.test('when the epochs are used up, a producer goes on with another id', (t) => {
  const stage = new Stage()
  const last = initialized(newTransaction('tx', 7), { epoch: 32_765, lastEpoch: -1, timeoutMillis: 1_000, now: stage.now })
  stage.turn((turn) => turn.append({ transactionalId: 'tx', transaction: last }))
  stage.tell('init', stage.init())
  stage.add('add', claimOf(7, 32_766), { a: [0] })
  stage.tell('commit', stage.end(true, claimOf(7, 32_766)))
  stage.writeMarkers()
  stage.tell('commit, repeated', stage.end(true, claimOf(7, 32_766)))
  stage.tell('abort instead', stage.end(false, claimOf(7, 32_766)))
  stage.tell('init of the one before', stage.init(claimOf(7, 32_766)))
  t.same(stage.taken(), [
    'init: 7:32766 → Empty 7:32766',
    'add: NONE',
    'commit: 100:0 → PrepareCommit 7:32767 then 100:0 a/0',
    'commit, repeated: 100:0 → CompleteCommit 100:0',
    'abort instead: INVALID_TXN_STATE → CompleteCommit 100:0',
    'init of the one before: 100:0 → Empty 100:0',
  ])
  stage.turn((turn) => turn.append({ transactionalId: 'tx', transaction: { ...last, producerEpoch: 32_766 } }))
  stage.tell('init where none is left', stage.init())
  t.same(stage.taken(), ['init where none is left: 101:0 → Empty 101:0'])
  t.end()
})

t.test('a transaction that takes too long is aborted, and its producer fenced', (t) => {
  const stage = new Stage()
  stage.init(undefined, 250)
  stage.add('add', claimOf(100, 0), { a: [0] })
  stage.pass(250)
  stage.lines.push(stage.state)
  stage.pass(100)
  stage.lines.push(stage.state)
  stage.writeMarkers()
  stage.add('add more', claimOf(100, 0), { a: [1] })
  stage.tell('commit', stage.end(true, claimOf(100, 0)))
  t.same(stage.taken(), [
    'add: NONE',
    'Ongoing 100:0 a/0',
    'timed out in epoch 0',
    'PrepareAbort 100:1 a/0',
    'add more: PRODUCER_FENCED',
    'commit: INVALID_TXN_STATE → CompleteAbort 100:1',
  ])
  t.end()
})

t.test('a transactional id that nobody uses is forgotten, but never while a transaction is under way or being ended', (t) => {
  const stage = new Stage()
  stage.init(undefined, 900_000)
  stage.add('add', claimOf(100, 0), { a: [0] })
  stage.pass(20_000)
  stage.lines.push(stage.state)
  stage.end(true, claimOf(100, 0))
  stage.pass(20_000)
  stage.lines.push(stage.state)
  stage.writeMarkers()
  stage.pass(9_000)
  stage.lines.push(stage.state)
  stage.pass(2_000)
  stage.lines.push(stage.state)
  stage.tell('init', stage.init(claimOf(100, 1)))
  t.same(stage.taken(), [
    'add: NONE',
    'Ongoing 100:0 a/0',
    'PrepareCommit 100:1 a/0',
    'CompleteCommit 100:1',
    'unknown',
    'init: 101:0 → Empty 101:0',
  ])
  t.end()
})

t.test('very many transactional ids are forgotten a hundred at a time', (t) => {
  const stage = new Stage()
  stage.turn((turn) => {
    for (let index = 0; index < 250; index++) {
      const transaction = { ...newTransaction(`id${index}`, index), producerEpoch: 0, updatedAt: 0 }
      turn.append({ transactionalId: `id${index}`, transaction })
    }
  })
  stage.restart()
  stage.pass(20_000)
  t.equal([...stage.machine.all()].length, 0)
  t.equal(stage.records.filter(({ transaction }) => !transaction).length, 250)
  t.end()
})

t.test('who is quick to go on waits for the transaction before to be complete, and no longer than a moment', (t) => {
  const stage = new Stage()
  stage.times = { ...stage.times, patienceMillis: 50 }
  stage.init()
  stage.add('add', claimOf(100, 0), { a: [0] })
  stage.end(true, claimOf(100, 0))
  stage.add('first', claimOf(100, 1), { a: [0] })
  stage.add('second', claimOf(100, 1), { b: [0] })
  stage.add('of another', claimOf(55, 0), { a: [0] })
  t.same(stage.taken(), ['add: NONE', 'of another: INVALID_PRODUCER_ID_MAPPING'])
  stage.writeMarkers()
  t.same([...stage.taken(), stage.state], ['first: NONE', 'second: NONE', 'Ongoing 100:1 a/0 b/0'])
  stage.end(true, claimOf(100, 1))
  stage.add('third', claimOf(100, 2), { a: [0] })
  stage.pass(49)
  t.same(stage.taken(), [])
  stage.pass(1)
  t.same(stage.taken(), ['third: CONCURRENT_TRANSACTIONS'])
  stage.writeMarkers()
  t.same([...stage.taken(), stage.state], ['CompleteCommit 100:2'])
  t.end()
})

t.test('a start goes on with what was decided, and asks for no other markers', (t) => {
  const stage = new Stage()
  stage.init()
  stage.add('add', claimOf(100, 0), { a: [0] })
  stage.restart()
  t.same(stage.decided, [])
  stage.end(true, claimOf(100, 0))
  stage.restart()
  t.match(stage.decided, [{ state: 'PrepareCommit', producerEpoch: 1, partitions: new Map([['a', [0]]]) }])
  stage.writeMarkers()
  stage.restart()
  t.same([stage.state, stage.decided.length], ['CompleteCommit 100:1', 0])
  t.end()
})

t.test('markers that tell of an earlier outcome complete nothing', (t) => {
  const stage = new Stage()
  stage.init()
  stage.add('add', claimOf(100, 0), { a: [0] })
  stage.end(true, claimOf(100, 0))
  const [first] = stage.decided
  stage.writeMarkers()
  stage.add('add', claimOf(100, 1), { a: [0] })
  stage.end(false, claimOf(100, 1))
  stage.turn((turn) => first && stage.machine.markersWritten(turn, first))
  t.equal(stage.state, 'PrepareAbort 100:2 a/0')
  t.end()
})
