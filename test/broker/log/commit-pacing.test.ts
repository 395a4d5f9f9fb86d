import t from 'tap'
import { CommitPacing } from '../../../broker/log/commit-pacing.ts'
import type { Clock } from '../../../broker/platform/clock.ts'

/** Turns of the event loop end when the test says so. */
function setUp() {
  let ends: (() => void)[] = []
  let time = 0
  const clock: Clock = {
    now: () => time,
    monotonic: () => time,
    after: () => ({ cancel: () => undefined }),
    endOfTurn: (run) => void ends.push(run),
  }
  const turn = async () => {
    const run = ends
    ends = []
    for (const end of run) end()
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  const pacing = new CommitPacing(clock)
  let waiting = 0
  let begun = false
  return {
    pacing,
    turn,
    pass: (millis: number) => void (time += millis),
    come: (count: number) => void (waiting = count),
    begin: () => {
      begun = false
      void pacing.gather(() => waiting).then(() => (begun = true))
      return new Promise<void>((resolve) => setImmediate(resolve))
    },
    get begun() {
      return begun
    },
  }
}

void t.test('a round begins when those whom the last one answered are back', async (t) => {
  const rounds = setUp()
  rounds.pacing.roundEnded(20, 12)
  rounds.come(12)
  await rounds.begin()
  t.notOk(rounds.begun)
  rounds.come(27)
  await rounds.turn()
  t.notOk(rounds.begun)
  rounds.come(28)
  await rounds.turn()
  t.ok(rounds.begun)
})

void t.test('one writer alone never waits, nor does the first after a pause', async (t) => {
  const rounds = setUp()
  rounds.pacing.roundEnded(1, 0)
  rounds.come(1)
  await rounds.begin()
  t.ok(rounds.begun)
  rounds.pacing.roundEnded(30, 0)
  rounds.pass(5)
  await rounds.begin()
  t.ok(rounds.begun)
})

void t.test('where nobody comes back, rounds begin anyway, and at once from then on', async (t) => {
  const rounds = setUp()
  rounds.come(3)
  rounds.pacing.roundEnded(10, 3)
  await rounds.begin()
  let turns = 0
  while (!rounds.begun) {
    await rounds.turn()
    turns++
  }
  t.ok(turns > 10 && turns <= 100, `it waited ${turns} turns`)
  rounds.pacing.roundEnded(10, 3)
  await rounds.begin()
  t.ok(rounds.begun)
})
