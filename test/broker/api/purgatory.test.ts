import t from 'tap'
import { Purgatory } from '../../../broker/api/purgatory.ts'
import type { Clock } from '../../../broker/platform/clock.ts'

/** A clock moved by hand. */
class HandClock implements Clock {
  time = 0
  #wakes: { at: number; wake: () => void }[] = []
  now = () => this.time
  monotonic = () => this.time
  after(delay: number, wake: () => void) {
    const entry = { at: this.time + delay, wake }
    this.#wakes.push(entry)
    return { cancel: () => void (this.#wakes = this.#wakes.filter((other) => other !== entry)) }
  }
  endOfTurn(run: () => void) {
    run()
  }
  get pending() {
    return this.#wakes.length
  }
  advance(to: number) {
    for (;;) {
      const [next] = this.#wakes.filter(({ at }) => at <= to).sort((a, b) => a.at - b.at)
      if (!next) break
      this.#wakes = this.#wakes.filter((other) => other !== next)
      this.time = next.at
      next.wake()
    }
    this.time = to
  }
}

function setUp() {
  const clock = new HandClock()
  const purgatory = new Purgatory(clock)
  const expired: string[] = []
  const waiter = (name: string) => ({ expire: () => void expired.push(name) })
  return { clock, purgatory, expired, waiter }
}

t.test('a waiter expires when its time is up, and not before', async (t) => {
  const { clock, purgatory, expired, waiter } = setUp()
  purgatory.enter(waiter('short'), 100)
  purgatory.enter(waiter('long'), 60_000)
  clock.advance(99)
  t.same(expired, [])
  clock.advance(110)
  t.same(expired, ['short'])
  clock.advance(59_990)
  t.same(expired, ['short'], 'a wait of many rounds of the wheel is not cut short')
  clock.advance(60_020)
  t.same(expired, ['short', 'long'])
  t.equal(purgatory.size, 0)
})

t.test('who leaves does not expire, and leaving twice does nothing', async (t) => {
  const { clock, purgatory, expired, waiter } = setUp()
  const ticket = purgatory.enter(waiter('gone'), 10)
  purgatory.leave(ticket)
  purgatory.leave(ticket)
  t.equal(purgatory.size, 0)
  clock.advance(1000)
  t.same(expired, [])
})

t.test('an empty purgatory sets no timers, and wakes up again', async (t) => {
  const { clock, purgatory, expired, waiter } = setUp()
  t.equal(clock.pending, 0)
  purgatory.enter(waiter('a'), 5)
  clock.advance(50)
  t.equal(clock.pending, 0)
  clock.time = 100_000
  purgatory.enter(waiter('b'), 5)
  clock.advance(100_020)
  t.same(expired, ['a', 'b'])
})

t.test('closing expires who waits and who comes yet, but not the patient', async (t) => {
  const { purgatory, expired, waiter } = setUp()
  purgatory.enter(waiter('a'), 10_000)
  purgatory.enter(waiter('b'), 500_000)
  const patient = purgatory.enter({ ...waiter('patient'), isPatient: true }, 10_000)
  purgatory.close()
  t.same(expired.sort(), ['a', 'b'])
  purgatory.enter(waiter('late'), 10_000)
  await Promise.resolve()
  t.same(expired, ['a', 'b', 'late'])
  purgatory.leave(patient)
  t.equal(purgatory.size, 0)
})
