/** The page that describes the protocol is read with the codecs that speak it. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { clientMessages } from '../../../client/protocol/stream/client-messages.ts'
import { CloseCode } from '../../../client/protocol/stream/close-codes.ts'
import { decodeJson, encodeJson } from '../../../client/protocol/stream/json.ts'
import { decodeMsgpack, encodeMsgpack } from '../../../client/protocol/stream/msgpack.ts'
import { serverMessages } from '../../../client/protocol/stream/server-messages.ts'
import { BadMessage, readMessage } from '../../../client/protocol/stream/shape.ts'

const page = readFileSync(new URL('../../../broker/gateway/PROTOCOL.md', import.meta.url), 'utf8')
const examples = page.split('\n').filter((line) => /^[<>] \{/.test(line))

t.test('every example on the page is a message, and the same one in both subprotocols', (t) => {
  const seen = { '>': new Set<string>(), '<': new Set<string>() }
  for (const line of examples) {
    const side = line[0] as '>' | '<'
    const messages = side === '>' ? clientMessages : serverMessages
    const message = readMessage(messages, decodeJson(line.slice(2)))
    seen[side].add(message.type)
    t.strictSame(readMessage(messages, decodeMsgpack(encodeMsgpack(message))), message, line)
    t.strictSame(decodeJson(encodeJson(message)), decodeJson(line.slice(2)), 'and is written as it stands there')
  }
  t.strictSame([...seen['>']].sort(), Object.keys(clientMessages).sort(), 'every message of a client has one')
  t.strictSame([...seen['<']].sort(), Object.keys(serverMessages).sort(), 'every message of a broker has one')
  t.end()
})

t.test('every close code is on the page', (t) => {
  const listed = [...page.matchAll(/^\| (\d{4}) \|/gm)].map(([, code]) => Number(code))
  t.strictSame(
    listed,
    Object.values(CloseCode).sort((a, b) => a - b),
  )
  t.end()
})

t.test('what is no message is said to be none, with the field that is wrong', (t) => {
  const bad: [value: unknown, why: RegExp][] = [
    [undefined, /^type must be/],
    [null, /^type must be/],
    [[], /^type must be/],
    ['hello', /^type must be/],
    [{ type: 'records' }, /^type must be one of hello/],
    [{ type: '__proto__' }, /^type must be/],
    [{ type: 'hello', token: 'x'.repeat(20_000) }, /^hello.token must be a string/],
    [{ type: 'subscribe' }, /^subscribe.subscription must be an integer/],
    [{ type: 'subscribe', subscription: 1.5 }, /^subscribe.subscription must be an integer/],
    [{ type: 'subscribe', subscription: 1, topics: 'orders' }, /^subscribe.topics must be a list/],
    [{ type: 'subscribe', subscription: 1, topics: [7] }, /^subscribe.topics\[0\] must be a string/],
    [{ type: 'subscribe', subscription: 1, from: 'yesterday' }, /^subscribe.from must be one of/],
    [{ type: 'subscribe', subscription: 1, from: { offset: -1 } }, /^subscribe.from.offset must be an integer/],
    [{ type: 'credit', subscription: 1, records: 0 }, /^credit.records must be an integer from 1/],
    [{ type: 'credit', subscription: 1, bytes: 2 ** 41 }, /^credit.bytes must be an integer/],
    [{ type: 'publish', request: 1, topic: 't', partition: 0, records: [{ value: 7 }] }, /^publish.records\[0\].value must be bytes/],
    [{ type: 'publish', request: 1, topic: 't', partition: 0, records: [{ value: { base64: '%' } }] }, /value must be base64/],
    [{ type: 'publish', request: 1, topic: 't', partition: 0, records: [{ headers: [['a']] }] }, /headers\[0\] must be a pair/],
    [{ type: 'commit', request: -1, subscription: 1, cursors: [] }, /^commit.request must be an integer/],
  ]
  for (const [value, why] of bad) {
    t.throws(() => readMessage(clientMessages, value), { name: 'BadMessage', message: why }, JSON.stringify(value))
  }
  t.throws(() => decodeJson('{'), BadMessage)
  t.throws(() => decodeMsgpack(new Uint8Array([0xdd, 0xff, 0xff, 0xff, 0xff])), BadMessage)
  t.throws(() => decodeMsgpack(new Uint8Array([0x81])), BadMessage)
  t.throws(() => decodeMsgpack(new Uint8Array()), BadMessage)
  t.end()
})
