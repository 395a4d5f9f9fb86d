/** Messages that were cut of stored batches, against what a reader of the same bytes sees. */
import t from 'tap'
import fc from 'fast-check'
import { cut, type CutOptions } from '../../../broker/gateway/cut.ts'
import { JsonWriter, MsgpackWriter } from '../../../broker/gateway/record-writer.ts'
import { decodeJson } from '../../../client/protocol/stream/json.ts'
import { decodeMsgpack } from '../../../client/protocol/stream/msgpack.ts'
import { type ServerMessage, serverMessages } from '../../../client/protocol/stream/server-messages.ts'
import { readMessage } from '../../../client/protocol/stream/shape.ts'
import { buildEndMarker } from '../../../client/records/control.ts'
import { buildBatch } from '../../../client/records/builder.ts'
import { readRecords, type StoredRecord } from '../../../client/records/record.ts'

const heading = { subscription: 7, topic: 'ördérs', partition: 3 }

/** What a frame of a server's holds. */
function payloadOf(frame: Buffer): { isText: boolean; payload: Buffer } {
  const length = (frame[1] as number) & 0x7f
  const start = length < 126 ? 2 : length === 126 ? 4 : 10
  const announced = length < 126 ? length : length === 126 ? frame.readUInt16BE(2) : Number(frame.readBigUInt64BE(2))
  if (announced !== frame.length - start) throw new Error(`a frame of ${frame.length} bytes announces ${announced}`)
  return { isText: frame[0] === 0x81, payload: frame.subarray(start) }
}

function messageOf(frame: Buffer): ServerMessage {
  const { isText, payload } = payloadOf(frame)
  return readMessage(serverMessages, isText ? decodeJson(payload.toString()) : decodeMsgpack(payload))
}

interface Seen {
  offset: number
  timestamp: number
  key: string | null
  value: string | null
  headers: (readonly [string, string | null])[]
}

const hex = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString('hex'))

function seenOf({
  offset,
  timestamp,
  key,
  value,
  headers = [],
}: Omit<StoredRecord, 'key' | 'value' | 'headers'> & {
  key: Uint8Array | null
  value: Uint8Array | null
  headers?: readonly (readonly [string, Uint8Array | null])[]
}): Seen {
  return { offset, timestamp, key: hex(key), value: hex(value), headers: headers.map(([name, content]) => [name, hex(content)] as const) }
}

const bytes = fc.option(
  fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 250, maxLength: 300 })).map((array) => Buffer.from(array)),
)
const record = fc.record({
  key: bytes,
  value: bytes,
  timestamp: fc.integer({ min: 0, max: 2 ** 45 }),
  headers: fc.array(
    fc.tuple(
      fc.string({ maxLength: 40 }).map((name) => name.toWellFormed()),
      bytes,
    ),
    { maxLength: 3 },
  ),
})
const codec = fc.constantFrom('none', 'gzip', 'lz4', 'zstd', 'snappy')
const stored = fc.record({
  records: fc.array(record, { minLength: 1, maxLength: 12 }),
  codec,
  producer: fc.option(fc.integer({ min: 0, max: 2 })),
  isAborted: fc.boolean(),
})

interface Log {
  readonly bytes: Buffer
  readonly end: number
  readonly aborted: { producerId: number; firstOffset: number }[]
}

/** Batches one behind the other, those of transactions each with its marker. */
function logOf(batches: (typeof stored extends fc.Arbitrary<infer S> ? S : never)[]): Log {
  const parts: Buffer[] = []
  const aborted: Log['aborted'] = []
  let next = 0
  for (const { records, codec, producer, isAborted } of batches) {
    const identity = producer === null ? {} : { producerId: producer, producerEpoch: 0, baseSequence: 0, isTransactional: true }
    parts.push(buildBatch({ records, codec, baseOffset: next, ...identity }))
    if (producer !== null && isAborted) aborted.push({ producerId: producer, firstOffset: next })
    next += records.length
    if (producer === null) continue
    const marker = buildEndMarker({
      committed: !isAborted,
      coordinatorEpoch: 0,
      timestamp: 1,
      producerId: producer,
      producerEpoch: 0,
    })
    marker.writeBigInt64BE(BigInt(next), 0)
    parts.push(marker)
    next++
  }
  return { bytes: Buffer.concat(parts), end: next, aborted }
}

const plan = fc.record({
  batches: fc.array(stored, { minLength: 1, maxLength: 6 }),
  from: fc.integer({ min: 0, max: 10 }),
  credits: fc.array(fc.record({ recordsMax: fc.integer({ min: 1, max: 20 }), bytesMax: fc.integer({ min: 1, max: 4000 }) }), {
    minLength: 1,
    maxLength: 8,
  }),
  isText: fc.boolean(),
  decodes: fc.constantFrom([], [0], [0, 1, 2, 3, 4]),
})

t.test('cut by any credit, what comes is what a reader sees, each record once, and never more than the credit', (t) => {
  const writers = { true: new JsonWriter(), false: new MsgpackWriter() }
  fc.assert(
    fc.property(plan, ({ batches, from, credits, isText, decodes }) => {
      const log = logOf(batches)
      const expected = [...readRecords(log.bytes, { aborted: log.aborted })]
        .flatMap(({ records }) => records)
        .filter(({ offset }) => offset >= from)
      const seen: Seen[] = []
      let at = from
      let turn = 0
      let credit = { recordsMax: 1000, bytesMax: 1_000_000 }
      while (at < log.end) {
        const options: CutOptions = {
          writer: writers[`${isText}`],
          heading,
          chunks: [log.bytes],
          from: at,
          nextOffset: log.end,
          aborted: log.aborted,
          ...credit,
          decodes: new Set(decodes),
        }
        const message = cut(options)
        if (message.starved !== undefined) {
          if (message.starved <= credit.bytesMax || message.records > 0) throw new Error('starved, with enough')
          credit = { ...credit, bytesMax: message.starved }
          continue
        }
        if (message.records > credit.recordsMax || message.bytes > credit.bytesMax) throw new Error('more than the credit')
        if (message.next <= at) throw new Error(`no way on from ${at}`)
        const told = message.frame && messageOf(message.frame)
        if (told?.type === 'records') seen.push(...told.records.map(seenOf))
        else if (told?.type === 'batches') {
          const given = [...readRecords(Buffer.from(told.batches))]
            .flatMap(({ records }) => records)
            .filter(({ offset }) => offset >= told.first)
          if (given.length !== told.count) throw new Error(`${given.length} records where it says ${told.count}`)
          seen.push(...given.map(seenOf))
        }
        at = message.next
        credit = credits[turn++ % credits.length] as typeof credit
      }
      if (JSON.stringify(seen) !== JSON.stringify(expected.map(seenOf)))
        throw new Error(`${JSON.stringify(seen)} where ${JSON.stringify(expected.map(seenOf))} was expected`)
    }),
    { numRuns: 400 },
  )
  t.pass()
  t.end()
})

t.test('large messages have the frames that their length asks for', (t) => {
  for (const size of [1, 100, 200, 70_000]) {
    const chunks = [buildBatch({ records: [{ timestamp: 1, value: Buffer.alloc(size, 'x') }] })]
    const base = { heading, chunks, from: 0, nextOffset: 1, aborted: [], recordsMax: 1, bytesMax: Infinity, decodes: new Set<number>() }
    for (const writer of [new MsgpackWriter(), new JsonWriter()]) {
      const message = messageOf(cut({ ...base, writer }).frame as Buffer)
      t.match(message, { type: 'records', subscription: 7, topic: 'ördérs', partition: 3, next: 1 })
      t.equal(message.type === 'records' && message.records[0]?.value?.length, size)
    }
  }
  t.end()
})
