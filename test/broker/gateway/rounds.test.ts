/** Rounds on a clock of the test's own: who is served when, and how a crowd makes them rarer. */
import t from 'tap'
import { Rounds, type Served } from '../../../broker/gateway/rounds.ts'
import type { Clock } from '../../../broker/platform/clock.ts'

class TestClock implements Clock {
  millis = 0
  turns: (() => void)[] = []
  timers: { at: number; wake: () => void }[] = []

  now(): number {
    return this.millis
  }

  monotonic(): number {
    return this.millis
  }

  after(delay: number, wake: () => void) {
    this.timers.push({ at: this.millis + delay, wake })
    return { cancel: () => undefined }
  }

  endOfTurn(run: () => void): void {
    this.turns.push(run)
  }

  turn(): void {
    for (const run of this.turns.splice(0)) run()
  }
}

/** Takes so long to serve, so many times. */
function reader(clock: TestClock, log: string[], name: string, millis: number, times = 1): Served {
  let left = times
  return {
    serve() {
      log.push(name)
      clock.millis += millis
      return --left > 0
    },
  }
}

t.test('what gets ready in a turn is served at its end, once', (t) => {
  const clock = new TestClock()
  const rounds = new Rounds(clock)
  const log: string[] = []
  const one = reader(clock, log, 'one', 0)
  rounds.add(one)
  rounds.add(one)
  rounds.add(reader(clock, log, 'two', 0))
  t.strictSame(log, [])
  clock.turn()
  t.strictSame(log, ['one', 'two'])
  t.equal(clock.turns.length + clock.timers.length, 0, 'and nothing runs while nobody is ready')
  t.end()
})

t.test('a reader that has more comes again after the others', (t) => {
  const clock = new TestClock()
  const rounds = new Rounds(clock)
  const log: string[] = []
  rounds.add(reader(clock, log, 'much', 0, 3))
  rounds.add(reader(clock, log, 'little', 0))
  for (let turn = 0; turn < 4; turn++) clock.turn()
  t.strictSame(log, ['much', 'little', 'much', 'much'])
  t.end()
})

t.test('a long round leaves the event loop its turns, and is followed by a rest as long as itself', (t) => {
  const clock = new TestClock()
  const rounds = new Rounds(clock)
  const log: string[] = []
  for (let n = 0; n < 30; n++) rounds.add(reader(clock, log, `r${n}`, 1))
  clock.turn()
  t.equal(log.length, 10, 'ten milliseconds, and others have their turn')
  clock.turn()
  clock.turn()
  t.equal(log.length, 30)
  rounds.add(reader(clock, log, 'next', 0))
  clock.turn()
  t.equal(log.length, 30, 'it rests')
  t.strictSame(
    clock.timers.map(({ at }) => at),
    [60],
  )
  clock.millis = 60
  for (const { wake } of clock.timers.splice(0)) wake()
  t.equal(log.at(-1), 'next')
  t.end()
})
