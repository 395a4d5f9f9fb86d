/** A shard and its state machine, over a log on a disk in memory: plan, append, apply, answer; what fails it, and what is there afterwards. */
import t, { type Test } from 'tap'
import { CoordinatorError } from '../../../broker/coordinator/coordinator-error.ts'
import { Shards } from '../../../broker/coordinator/shards.ts'
import type { Parked, Placement, Producer, RecordCodec, StateMachine, Turn } from '../../../broker/coordinator/state-machine.ts'
import { Replicas } from '../../../broker/replication/replicas.ts'
import { DecodeError } from '../../../client/protocol/malformed.ts'
import { errorOf } from '../../../client/protocol/errors.ts'
import { append, LogFixture, topicId } from '../../support/log-fixture.ts'
import { MemoryDisk } from '../../support/memory-disk.ts'

/** A number by name; it counts once its transaction is committed, if it has one. */
interface Entry {
  readonly name: string
  readonly number: number
}

const codec: RecordCodec<Entry> = {
  encode: ({ name, number }) => ({ key: Buffer.from(name), value: Buffer.from(String(number)) }),
  decode(key, value) {
    const name = key.toString()
    if (name === 'damaged') throw new DecodeError('it is damaged', 0)
    return name === 'unknown' ? undefined : { name, number: Number(value?.toString()) }
  },
}

class Numbers implements StateMachine<Entry> {
  readonly numbers = new Map<string, number>()
  readonly pending: { entry: Entry; producerId: number }[] = []
  readonly waiting: Parked<string>[] = []
  loads = 0

  apply(entry: Entry, { producerId }: Placement): void {
    if (producerId < 0) this.numbers.set(entry.name, entry.number)
    else this.pending.push({ entry, producerId })
  }

  transactionEnded({ producerId }: Producer, committed: boolean): void {
    for (const { entry } of this.pending.splice(0).filter((one) => committed && one.producerId === producerId)) {
      this.numbers.set(entry.name, entry.number)
    }
  }

  loaded(): void {
    this.loads++
  }

  set = (turn: Turn<Entry>, name: string, number: number): string => {
    turn.append({ name, number })
    return `${name}=${number}`
  }

  get = (name: string): string => `${name} is ${this.numbers.get(name) ?? 'nothing'}`
}

const topic = 'numbers'

class Fixture {
  readonly log: LogFixture
  readonly replicas: Replicas
  readonly shards: Shards<Entry, Numbers>

  constructor(t: Test, disk = new MemoryDisk()) {
    this.log = new LogFixture({ disk })
    const logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => logger }
    const { clock, directory } = this.log
    this.replicas = new Replicas({
      brokerId: 1,
      directory,
      clock,
      logger,
      configOf: () => this.log.config,
      onServed: () => this.shards.follow(),
    })
    const noted = {
      ...logger,
      warn: (fields: object, message: string) => void this.log.lines.push({ level: 'warn', message, fields: { ...fields } }),
    }
    this.shards = new Shards({ topic, replicas: this.replicas, codec, clock, logger: noted, machine: () => new Numbers() })
    this.lead(0)
    t.teardown(() => this.close())
  }

  lead(leaderEpoch: number): void {
    this.replicas.topicIs({
      name: topic,
      id: topicId,
      isInternal: true,
      partitions: [{ index: 0, leader: 1, leaderEpoch, replicas: [1], isr: [1] }],
    })
  }

  async loaded(): Promise<this> {
    while (this.shard.stage === 'loading') await new Promise((resolve) => setImmediate(resolve))
    return this
  }

  get shard() {
    const shard = this.shards.at(0)
    if (!shard) throw new Error('no shard')
    return shard
  }

  set(name: string, number: number): Promise<string> {
    return this.shard.run((turn) => this.shard.machine.set(turn, name, number))
  }

  get(name: string): Promise<string> {
    return this.shard.run(() => this.shard.machine.get(name))
  }

  /** The error code. */
  end(producerId: number, committed: boolean, producerEpoch = 0): Promise<number> {
    return this.shard.endTransaction({ producerId, producerEpoch, committed, coordinatorEpoch: 0, transactionVersion: 1 })
  }

  async close(): Promise<void> {
    this.shards.close()
    await this.log.directory.close()
  }
}

const refusal = async (asked: Promise<unknown>): Promise<string> => {
  try {
    return `answered ${String(await asked)}`
  } catch (error) {
    return error instanceof CoordinatorError ? errorOf(error.code).name : String(error)
  }
}

t.test('what was answered is there after the process is killed', async (t) => {
  const disk = new MemoryDisk()
  const fixture = await new Fixture(t, disk).loaded()
  t.equal(await fixture.set('a', 1), 'a=1')
  const again = await new Fixture(t, disk.afterKill()).loaded()
  t.equal(await again.get('a'), 'a is 1')
  t.equal(again.shard.machine.loads, 1, 'the machine is told once that all is loaded')
})

t.test('answers leave in the order of the turns, each after all that was appended before it', async (t) => {
  const fixture = await new Fixture(t).loaded()
  const answers: string[] = []
  const asked = [fixture.set('a', 1), fixture.get('a'), fixture.set('a', 2), fixture.get('b'), fixture.get('a')]
  for (const one of asked) void one.then((answer) => answers.push(answer))
  t.same(answers, [], 'nothing is answered before it is committed')
  await Promise.all(asked)
  t.same(answers, ['a=1', 'a is 1', 'a=2', 'b is nothing', 'a is 2'])
})

t.test('the records of a turn are one batch', async (t) => {
  const fixture = await new Fixture(t).loaded()
  await fixture.shard.run((turn) => {
    for (const name of ['a', 'b', 'c']) turn.append({ name, number: 1 })
  })
  const { log } = fixture.shard.partition
  const slice = await log.read(0, { maxBytes: 10_000, upTo: log.endOffset, atLeastOneBatch: true })
  t.equal(Buffer.concat(slice.chunks).readUInt32BE(8) + 12, slice.bytes, 'one batch is all there is')
  t.equal(log.endOffset, 3)
  slice.release?.()
})

t.test('a request is answered by a later turn, or by a timer', async (t) => {
  const fixture = await new Fixture(t).loaded()
  const { machine } = fixture.shard
  const first = fixture.shard.ask<string>((_turn, parked) => void machine.waiting.push(parked))
  t.equal(fixture.shard.parkedCount, 1)
  await fixture.shard.run((turn) => turn.answer(machine.waiting.pop() as Parked<string>, 'by another'))
  t.equal(await first, 'by another')
  const second = fixture.shard.ask<string>((turn, parked) =>
    turn.schedule('late', 100, (later) => later.answer(parked, machine.set(later, 'a', 1))),
  )
  await fixture.log.clock.pass(100)
  t.equal(await second, 'a=1')
  t.equal(fixture.shard.parkedCount, 0)
})

t.test('a turn that throws has appended nothing', async (t) => {
  const fixture = await new Fixture(t).loaded()
  const asked = fixture.shard.run((turn) => {
    fixture.shard.machine.set(turn, 'a', 1)
    throw new CoordinatorError(25)
  })
  t.equal(await refusal(asked), 'UNKNOWN_MEMBER_ID')
  t.equal(await fixture.get('a'), 'a is nothing')
  t.equal(fixture.shard.partition.log.endOffset, 0)
  t.equal(fixture.shard.parkedCount, 0)
})

t.test('while it loads it says so, and where it is not served too', async (t) => {
  const fixture = new Fixture(t)
  t.equal(await refusal(fixture.get('a')), 'COORDINATOR_LOAD_IN_PROGRESS')
  await fixture.loaded()
  t.equal(await fixture.get('a'), 'a is nothing')
  const { shard } = fixture
  const waiting = shard.ask<string>(() => {})
  fixture.shards.close()
  t.equal(await refusal(waiting), 'NOT_COORDINATOR', 'who waits is told')
  t.equal(await refusal(shard.run(() => 'never')), 'NOT_COORDINATOR')
  t.throws(() => fixture.shards.of('a'), { code: 16 })
  fixture.replicas.topicGone(topic)
  t.throws(() => fixture.shards.of('a'), { code: 15 }, 'there is no topic')
})

t.test('another epoch of leadership is another shard, with what the log says', async (t) => {
  const fixture = await new Fixture(t).loaded()
  await fixture.set('a', 1)
  const { shard } = fixture
  const waiting = shard.ask<string>(() => {})
  fixture.lead(1)
  t.equal(await refusal(waiting), 'NOT_COORDINATOR')
  await fixture.loaded()
  t.not(fixture.shard, shard)
  t.equal(await fixture.get('a'), 'a is 1')
})

t.test('a disk that fails ends it: who waits is told, and nothing that was not kept is answered', async (t) => {
  const disk = new MemoryDisk()
  const fixture = await new Fixture(t, disk).loaded()
  await fixture.set('a', 1)
  const { shard } = fixture
  const waiting = shard.ask<string>(() => {})
  disk.fail('sync', '.log')
  const told = await Promise.all([fixture.set('a', 2), fixture.get('a'), waiting].map(refusal))
  t.same(told, ['NOT_COORDINATOR', 'NOT_COORDINATOR', 'NOT_COORDINATOR'])
  t.equal(shard.stage, 'ended')
  t.equal(shard.parkedCount, 0)
  await fixture.log.clock.pass(1000)
  t.equal(fixture.shards.at(0), undefined, 'a partition that is offline is not served')
})

t.test('a record of an unknown kind is passed over; one that cannot be read ends the shard', async (t) => {
  const disk = new MemoryDisk()
  const fixture = await new Fixture(t, disk).loaded()
  append(fixture.shard.partition.log, { keys: ['unknown'], values: ['x'] }, 'coordinator')
  await fixture.set('a', 1)
  const second = await new Fixture(t, disk.afterKill()).loaded()
  t.equal(await second.get('a'), 'a is 1')
  t.same(second.log.said('warn'), ['A record of a kind that this broker does not know is passed over'])
  append(second.shard.partition.log, { keys: ['damaged'], values: ['x'] }, 'coordinator')
  await second.set('a', 2)
  const third = new Fixture(t, (second.log.disk as MemoryDisk).afterKill())
  const { shard } = third
  while (shard.stage === 'loading') await new Promise((resolve) => setImmediate(resolve))
  t.equal(shard.stage, 'ended')
})

t.test('records of a transaction count when its marker says so, after a restart too', async (t) => {
  const disk = new MemoryDisk()
  const fixture = await new Fixture(t, disk).loaded()
  const inTransaction = (producerId: number, number: number) =>
    fixture.shard.run((turn) => {
      turn.inTransactionOf({ producerId, producerEpoch: 0 })
      return fixture.shard.machine.set(turn, 'a', number)
    })
  await inTransaction(7, 1)
  t.equal(await fixture.get('a'), 'a is nothing')
  t.equal(await fixture.end(7, true), 0)
  t.equal(await fixture.get('a'), 'a is 1')
  await inTransaction(8, 2)
  t.equal(await fixture.end(8, false), 0)
  await inTransaction(9, 3)
  t.equal(await fixture.get('a'), 'a is 1')
  const again = await new Fixture(t, disk.afterKill()).loaded()
  t.equal(await again.get('a'), 'a is 1')
  t.equal(await again.end(9, true), 0)
  t.equal(await again.get('a'), 'a is 3')
  t.equal(await again.end(9, true, -1), 47, 'a marker of an older epoch is refused')
})

t.test('a step is one batch however large it is', async (t) => {
  const fixture = await new Fixture(t).loaded()
  const name = 'x'.repeat(3 * 1024 * 1024)
  await fixture.set(name, 1)
  t.equal(fixture.shard.machine.numbers.get(name), 1)
  t.equal(fixture.shard.stage, 'active')
})
