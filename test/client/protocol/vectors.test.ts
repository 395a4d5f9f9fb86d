import { fileURLToPath } from 'node:url'
import t from 'tap'
import { check as checkMessages } from '../../golden/check-messages.ts'
import { checkFile } from '../../golden/vectors.ts'

const golden = fileURLToPath(new URL('../../golden/', import.meta.url))

for (const file of ['messages', 'messages-old', 'logmessages', 'headers', 'varints', 'uuid']) {
  t.test(`${file} are written and read as the reference writes and reads them`, async (t) => {
    const verdict = await checkFile(`${golden}${file}.jsonl.gz`)
    t.same(verdict?.failures, [])
    t.ok((verdict?.passed ?? 0) > 100, 'there were lines to check')
  })
}

t.test('a line that is wrong in one bit, name or number fails its check', async (t) => {
  const line =
    '{"api":"Heartbeat","kind":"request","version":0,"case":"random","json":{"groupId":"g","generationId":7,"memberId":"m"},"hex":"0001670000000700016d"}'
  t.same(checkMessages([line]), { passed: 1, failures: [] })
  for (const [right, wrong] of [
    ['016d', '016c'],
    ['016d', '016d00'],
    ['0007', '0006'],
    ['memberId', 'memberID'],
    [',"memberId":"m"', ''],
    ['"version":0', '"version":3'],
  ] as const) {
    const { passed, failures } = checkMessages([line.replace(right, wrong)])
    t.equal(passed, 0, `${right} for ${wrong}`)
    t.match(failures, [/^1 HeartbeatRequest v\d random: /])
  }
})
