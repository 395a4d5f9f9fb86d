import t from 'tap'
import { apis } from '../../../client/protocol/apis.ts'
import { decode, decodeFrom, encode, encodeInto } from '../../../client/protocol/compile.ts'
import { ErrorCode, errorOf } from '../../../client/protocol/errors.ts'
import { decodeResponseHeader, encodeRequest, encodeResponse } from '../../../client/protocol/header.ts'
import { DecodeError, EncodeError, LostFieldError } from '../../../client/protocol/malformed.ts'
import { ApiVersionsResponse } from '../../../client/protocol/messages/api-versions.ts'
import { FetchRequest, FetchResponse } from '../../../client/protocol/messages/fetch.ts'
import { ProduceRequest } from '../../../client/protocol/messages/produce.ts'
import * as schema from '../../../client/protocol/schema.ts'
import { Cursor } from '../../../client/protocol/varint.ts'
import { Writer } from '../../../client/protocol/writer.ts'
import { declarations } from '../../golden/registry.ts'

const { array, bool, int16, int32, int64, int8, nullableStruct, string, struct, uint16, uint32, uuid } = schema

const Sample = schema.message({
  name: 'Sample',
  type: 'data',
  versions: '0-2',
  flexible: '2+',
  fields: {
    always: int32('0+', { default: 5 }),
    since1: string('1+'),
    hint: string('1+', { ignorable: true }),
    list: array('1+', { id: int64('1+') }),
    extra: struct('2+', { text: string('2+'), ids: array('2+', int32) }, { tag: 3 }),
    maybe: nullableStruct('2+', { on: bool('2+') }),
  },
})

const empty = { always: 5, since1: '', hint: '', list: [], extra: { text: '', ids: [] }, maybe: null }

function roundTrip(version: number, value: schema.Input<typeof Sample>) {
  return decode(Sample, version, Buffer.concat(encode(Sample, version, value)))
}

t.test('what is left out takes its default, and decoding gives every field in every version', async (t) => {
  for (const version of [0, 1, 2]) t.strictSame(roundTrip(version, {}), empty)
  t.strictSame(roundTrip(1, { since1: undefined, list: [{}] }), { ...empty, list: [{ id: 0 }] })
  t.not(roundTrip(0, {}).list, roundTrip(0, {}).list, 'a default array is nobody else’s')
})

t.test('a value that the version cannot carry is refused, unless the field may be ignored', async (t) => {
  t.strictSame(roundTrip(0, { always: 1, hint: 'lost' }), { ...empty, always: 1 })
  t.strictSame(roundTrip(0, { since1: '', list: [] }), empty, 'a default is no value')
  t.throws(() => encode(Sample, 0, { since1: 'x' }), { name: 'LostFieldError', message: /Sample v0.since1 .*version 0/ })
  t.throws(() => encode(Sample, 0, { list: [{}] }), LostFieldError)
  t.throws(() => encode(Sample, 1, { extra: { text: 'x' } }), LostFieldError)
  t.throws(() => encode(Sample, 1, { maybe: {} }), LostFieldError)
  t.throws(() => encode(Sample, 3, {}), { name: 'EncodeError', message: /no version 3/ })
  t.throws(() => decode(Sample, -1, Buffer.alloc(9)), DecodeError)
})

t.test('a value that is none of its type is refused by name', async (t) => {
  const Typed = schema.message({
    name: 'Typed',
    type: 'data',
    versions: '0',
    fields: {
      a: int8('0'),
      b: int16('0'),
      c: uint16('0'),
      d: int32('0'),
      e: uint32('0'),
      f: int64('0'),
      g: bool('0'),
      h: string('0'),
      i: uuid('0'),
    },
  })
  const limits = { a: -128, b: -32768, c: 65535, d: -2147483648, e: 4294967295, f: -9007199254740991 }
  t.match(decode(Typed, 0, encode(Typed, 0, limits)[0] as Buffer), limits)
  const wrong: [keyof schema.Of<typeof Typed>, unknown[]][] = [
    ['a', [128, -129, 0.5, null, '1']],
    ['b', [32768, NaN, null]],
    ['c', [-1, 65536]],
    ['d', [2147483648, -2147483649, 1.5, null, '7']],
    ['e', [-1, 4294967296]],
    ['f', [0.5, NaN, null, '7', 2n]],
    ['g', [1, null]],
    ['h', [7, null, {}]],
    ['i', ['', 'x', '!!!!!!!!!!!!!!!!!!!!!!', null, 'AAAAAAAAAAAAAAAAAAAAAA==']],
  ]
  for (const [name, values] of wrong) {
    for (const value of values) {
      const refused = { name: 'EncodeError', message: new RegExp(`Typed v0\\.${name} `) }
      t.throws(() => encode(Typed, 0, { [name]: value }), refused, `${name}: ${String(value)}`)
    }
  }
})

t.test('a string may take 32767 bytes and not one more', async (t) => {
  for (const version of [1, 2]) {
    for (const text of [
      'x'.repeat(32767),
      'é'.repeat(16383),
      '',
      'é',
      '\u{1f600}'.repeat(31),
      'a'.repeat(41),
      'a'.repeat(42),
      'a'.repeat(43),
      'ß'.repeat(42),
    ]) {
      t.equal(roundTrip(version, { since1: text }).since1, text, `${text.length} units`)
    }
    t.throws(() => encode(Sample, version, { since1: 'x'.repeat(32768) }), EncodeError)
    t.throws(() => encode(Sample, version, { since1: 'é'.repeat(16384) }), EncodeError)
  }
})

t.test('an int64 beyond what a double can say exactly becomes the nearest one, and the nearest int64 when written', async (t) => {
  const Long = schema.message({ name: 'Long', type: 'data', versions: '0', fields: { value: int64('0') } })
  const hex = (value: number) => Buffer.concat(encode(Long, 0, { value })).toString('hex')
  t.equal(hex(2 ** 63), '7fffffffffffffff')
  t.equal(hex(Infinity), '7fffffffffffffff')
  t.equal(hex(-(2 ** 63)), '8000000000000000')
  t.equal(hex(-(2 ** 64)), '8000000000000000')
  for (const value of [0, -1, 2 ** 31, -(2 ** 31) - 1, 2 ** 32, -(2 ** 32), 2 ** 53 - 1, 1 - 2 ** 53, 2 ** 62, -(2 ** 62)]) {
    const bytes = Buffer.from(hex(value), 'hex')
    t.equal(bytes.readBigInt64BE(), BigInt(value))
    t.equal(decode(Long, 0, bytes).value, value)
  }
  t.equal(decode(Long, 0, Buffer.from('7fffffffffffffff', 'hex')).value, 2 ** 63)
})

t.test('a tag whose value outgrows one byte of size is written right, also across the end of a slab', async (t) => {
  for (const length of [0, 1, 30, 31, 32, 33, 4000, 5000, 40_000]) {
    for (let i = 0; i < 20; i++) {
      const extra = { text: `${length}`, ids: Array.from({ length }, (_, id) => id) }
      t.strictSame(roundTrip(2, { extra, list: [{ id: i }], maybe: { on: true } }), {
        ...empty,
        extra,
        list: [{ id: i }],
        maybe: { on: true },
      })
    }
  }
})

t.test('record data is passed on by reference, both ways', async (t) => {
  const records = [Buffer.from('first'), Buffer.from('second')]
  const responses = [{ topic: 'orders', partitions: [{ partitionIndex: 3, records }, { partitionIndex: 4 }] }]
  const chunks = encodeResponse(FetchResponse, 11, 7, { responses })
  t.equal(chunks.length, 4)
  t.equal(chunks[1], records[0])
  t.equal(chunks[2], records[1])
  const frame = Buffer.concat(chunks)
  t.equal(frame.readInt32BE(0), frame.length - 4, 'the size counts the records')
  const body = frame.subarray(4)
  const { size, correlationId } = decodeResponseHeader(body, FetchResponse.key, 11)
  t.equal(correlationId, 7)
  const [first, second] = decode(FetchResponse, 11, body, size).responses[0]?.partitions ?? []
  t.equal(first?.records?.toString(), 'firstsecond')
  t.equal(first?.records?.buffer, frame.buffer)
  t.equal(second?.records, null)
})

t.test('what was encoded stays as it is while much else is encoded', async (t) => {
  const before = Array.from({ length: 500 }, (_, i) => encode(Sample, 2, { since1: `text ${i} ${'-'.repeat(i)}` }))
  const copies = before.map((chunks) => Buffer.concat(chunks))
  for (let i = 0; i < 5000; i++) encode(Sample, 2, { since1: 'other'.repeat(i % 50) })
  t.ok(before.every((chunks, i) => Buffer.concat(chunks).equals(copies[i] as Buffer)))
})

t.test('a message that could not be encoded leaves nothing behind', async (t) => {
  const bytes = Buffer.concat(encode(Sample, 2, { since1: 'x' }))
  t.throws(() => encode(Sample, 2, { since1: 'x', list: [{ id: 0.5 }] }), EncodeError)
  const failing = { topicData: [{ name: 'n', partitionData: [{ index: 1, records: Buffer.from('gone') }, { index: 0.5 }] }] }
  t.throws(() => encode(ProduceRequest, 9, failing), EncodeError)
  t.throws(() => encodeRequest(ProduceRequest, 9, { correlationId: 1, clientId: null }, failing), EncodeError)
  t.ok(Buffer.concat(encode(Sample, 2, { since1: 'x' })).equals(bytes))
})

t.test('a damaged message is a DecodeError that says where', async (t) => {
  const bytes = Buffer.concat(
    encode(ProduceRequest, 7, { topicData: [{ name: 'orders', partitionData: [{ index: 1, records: Buffer.alloc(9) }] }] }),
  )
  t.throws(() => decode(ProduceRequest, 7, bytes.subarray(0, -1)), {
    name: 'DecodeError',
    fault: 'truncated',
    message: /ProduceRequest v7\.topicData\[\]\.partitionData\[\]\.records/,
  })
  const hostile = Buffer.from(bytes)
  hostile.writeInt32BE(0x7fffffff, 8)
  t.throws(() => decode(ProduceRequest, 7, hostile), { fault: 'truncated', message: /topicData \(at byte 12\)/ })
  hostile.writeInt32BE(-1, 8)
  t.throws(() => decode(ProduceRequest, 7, hostile), { fault: 'malformed', message: /topicData is null/ })
})

t.test('names and ids that share a place in the cache are told apart', async (t) => {
  const names = Array.from({ length: 5000 }, (_, i) => `topic-${i}`)
  const ids = names.map((_, i) => Buffer.from(`id ${i}`.padEnd(15).padEnd(16, 'x')).toString('base64url'))
  for (let pass = 0; pass < 2; pass++) {
    const topics = names.map((topic, i) => ({ topic, partitions: [], topicId: ids[i] as string }))
    const named = decode(FetchRequest, 12, Buffer.concat(encode(FetchRequest, 12, { topics })))
    t.strictSame(
      named.topics.map(({ topic }) => topic),
      names,
    )
    const identified = decode(FetchRequest, 13, Buffer.concat(encode(FetchRequest, 13, { topics })))
    t.strictSame(
      identified.topics.map(({ topicId }) => topicId),
      ids,
    )
  }
})

t.test('in exact mode int64 is a bigint', async (t) => {
  const writer = new Writer()
  writer.begin()
  const value = { list: [{ id: 2n ** 63n - 2n }] } as unknown as schema.Input<typeof Sample>
  encodeInto(writer, Sample, 1, value, 'exact')
  const bytes = Buffer.concat(writer.finish())
  t.match(decodeFrom(new Cursor(bytes), Sample, 1, 'exact'), value)
})

t.test('the answer to ApiVersions has the oldest header in every version', async (t) => {
  for (const version of [0, 3, 4]) t.equal(encodeResponse(ApiVersionsResponse, version, 9, {})[0]?.toString('hex', 4, 10), '000000090000')
})

t.test('the table of APIs says what their declarations say', async (t) => {
  const declared = [...declarations.values()].filter(({ type }) => type === 'request' || type === 'response')
  for (const { name, key, flexible } of declared) {
    const row = apis.get(key)
    t.equal(name.replace(/Request$|Response$/, ''), row?.name)
    t.equal(flexible?.first ?? null, row?.flexibleFrom, `${name} is flexible from`)
  }
  t.equal(declared.length, apis.size * 2)
})

t.test('an error code is found by name and by number', async (t) => {
  t.equal(ErrorCode.NOT_LEADER_OR_FOLLOWER, 6)
  t.match(errorOf(6), { code: 6, name: 'NOT_LEADER_OR_FOLLOWER', retriable: true })
  t.match(errorOf(0), { name: 'NONE', retriable: false })
  t.match(errorOf(9999), { name: 'UNKNOWN_SERVER_ERROR' })
})
