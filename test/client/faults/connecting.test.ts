import t, { type Test } from 'tap'
import { Stele } from '../../../client/index.ts'
import { faultBroker, unhandled } from '../../support/faults/stage.ts'
import { apiKeyOf } from '../../support/edited-answer.ts'
import type { Door } from '../../support/fault-proxy.ts'
import { Cell, outcomeOf } from '../../support/faults/cell.ts'
import { connecting, firstCalls } from '../../support/faults/connecting.ts'
import { errorFaults, playMatrix, recovered } from '../../support/faults/matrix.ts'

const bytes = (hex: string) => ({ says: Buffer.from(hex, 'hex') })

const doors: readonly [name: string, door: Door, code: RegExp, words: RegExp][] = [
  ['a reset', 'reset', /^CONNECTION_(LOST|FAILED)$/, /127\.0\.0\.1/],
  ['an end', 'end', /^CONNECTION_LOST$/, /before it answered anything/],
  ['silence', 'silent', /^REQUEST_TIMED_OUT$/, /no answer|in time/],
  ['a web server', { says: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n') }, /^MALFORMED_RESPONSE$/, /HTTP/],
  ['TLS', bytes('15030300020246'), /^MALFORMED_RESPONSE$/, /tls: true/],
  ['noise', bytes('8d7a1f00c3e259b41699f0'), /^MALFORMED_RESPONSE$/, /8d7a1f/],
]

t.test('who meets another at the door than a broker hears what is there, and goes on once it is one', { timeout: 110_000 }, async (t) => {
  const port = await faultBroker(t)
  const meet = async (first: (typeof firstCalls)[number], [name, door, code, words]: (typeof doors)[number]) => {
    const what = `${first.name}, ${name}`
    const cell = await Cell.open(`${what}`, port, 500)
    cell.proxy.door = door
    const act = first.call(cell)
    const outcome = await outcomeOf(act())
    t.match(outcome.code, code, `${what}: ${outcome.error?.message}`)
    t.match(outcome.error?.message, words, what)
    t.same(errorFaults(outcome), [], what)
    cell.proxy.door = 'open'
    cell.proxy.cut()
    t.equal((await recovered(act)).code, 'done', `${what}: the next time`)
    t.same(await cell.close(), [], what)
  }
  await Promise.all(firstCalls.flatMap((first) => doors.map((door) => meet(first, door))))
  t.same(unhandled, [])
})

t.test('nobody there, or no such name', { timeout: 110_000 }, async (t) => {
  const addresses: [string, RegExp][] = [
    ['127.0.0.1:1', /ECONNREFUSED/],
    ['no-such-host.invalid:9092', /no-such-host\.invalid/],
  ]
  for (const [bootstrap, words] of addresses) await Promise.all(firstCalls.map(({ name, call }) => nobody(t, bootstrap, words, name, call)))
  t.same(unhandled, [])
})

async function nobody(t: Test, bootstrap: string, words: RegExp, what: string, call: (typeof firstCalls)[number]['call']): Promise<void> {
  await using stele = new Stele({ bootstrap, requestTimeoutMs: 500, retry: { initialMs: 5, maxMs: 20 } })
  const outcome = await outcomeOf(call({ stele, name: what, limitMs: 500 } as Cell)())
  t.match(outcome.code, /^CONNECTION_FAILED$/, `${what} at ${bootstrap}: ${outcome.error?.message}`)
  t.match(outcome.error?.message, words, what)
}

t.test('the first call of each part, through every fault of its first request', { timeout: 110_000 }, async (t) =>
  playMatrix(t, await faultBroker(t), connecting),
)

t.test('a broker of old that does not know our ApiVersions is asked in the first version', async (t) => {
  const cell = await Cell.open('old', await faultBroker(t), 4000)
  cell.proxy.once(apiKeyOf('ApiVersions'), { edit: (answer) => void Object.assign(answer, { errorCode: 35, apiKeys: [] }) })
  t.ok((await cell.stele.admin.cluster.describe()).brokers.length)
  t.same(await cell.close(), [])
})
