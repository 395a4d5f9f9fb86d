import t from 'tap'
import TestReport from '../../config/test-report.ts'

async function reportOf(tap: string): Promise<string[]> {
  const report = new TestReport()
  report.end(tap)
  let said = ''
  for await (const chunk of report) said += String(chunk)
  return said.trimEnd().split('\n')
}

t.test('leaves are counted, at any depth', async (t) => {
  const said = await reportOf(`TAP version 14
# Subtest: test/a.test.ts
    # Subtest: outer
        ok 1 - one
        ok 2 - two
        not ok 3 - three
        ok 4 - four # SKIP no Java here
        1..4
    not ok 1 - outer
    ok 2 - alone
    1..2
not ok 1 - test/a.test.ts # time=1200ms
1..1
`)
  t.equal(said.at(-1), '3 passed, 1 failed, 1 skipped')
  t.ok(said.includes('  FAILED  test/a.test.ts > outer > three'))
  t.ok(said.includes('      again: make test FILES=test/a.test.ts'))
  t.ok(said.includes('  SKIPPED test/a.test.ts > outer > four: no Java here'))
})

t.test('a file that crashes is one failure, whatever had passed', async (t) => {
  const said = await reportOf(`TAP version 14
# Subtest: test/a.test.ts
    ok 1 - fine
    1..1
not ok 1 - test/a.test.ts
  ---
  exitCode: null
  signal: SIGKILL
  ...
1..1
`)
  t.equal(said.at(-1), '1 passed, 1 failed')
  t.ok(said.includes('      signal: SIGKILL'))
})

t.test('a file out of time is one failure, though tap says it twice', async (t) => {
  const said = await reportOf(`TAP version 14
# Subtest: test/a.test.ts
    not ok 1 - timeout!
      ---
      expired: TAP
      ...
    1..1
not ok 1 - test/a.test.ts
not ok 2 - timeout!
  ---
  expired: test/a.test.ts
  ...
1..2
`)
  t.equal(said.at(-1), '0 passed, 1 failed')
})

t.test('what a test remarks is printed, what tap says of itself is not', async (t) => {
  const said = await reportOf(`TAP version 14
# Subtest: test/a.test.ts
    # recovered in 12 ms
    ok 1 - fine
    1..1
    # time=3ms
ok 1 - test/a.test.ts
1..1
`)
  t.ok(said.includes('  # recovered in 12 ms'))
  t.notOk(said.some((line) => line.includes('time=')))
})

t.test('a run without a test is no good run', async (t) => {
  const said = await reportOf('TAP version 14\n1..0\n')
  t.equal(said.at(-1), '0 passed, 1 failed')
})
