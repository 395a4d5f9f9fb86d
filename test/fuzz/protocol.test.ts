/**
 * Bytes that no honest peer sends, against every decoder, the headers and the frame cutter: they end in a value or a DecodeError,
 * and what they make is no larger than the bytes that came could fill. SEED=n repeats a run.
 */
import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { decodeFrom, encodeInto } from '../../client/protocol/compile.ts'
import { FrameCutter } from '../../client/protocol/frame.ts'
import { decodeRequestHeader, decodeResponseHeader } from '../../client/protocol/header.ts'
import { DecodeError, EncodeError } from '../../client/protocol/malformed.ts'
import type { Message } from '../../client/protocol/schema.ts'
import { decodeVersioned, metadataRecordHead } from '../../client/protocol/stored.ts'
import { Cursor } from '../../client/protocol/varint.ts'
import { Writer } from '../../client/protocol/writer.ts'
import { declarations } from '../golden/registry.ts'
import { mangler } from './mangler.ts'

const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31))
const again = `SEED=${seed} node test/fuzz/protocol.test.ts`

const { random, damaged, noise } = mangler(seed)

interface Seed {
  declaration: Message
  version: number
  bytes: Buffer
}

const seeds = ['messages', 'messages-old', 'logmessages'].flatMap((file) => {
  const text = gunzipSync(readFileSync(new URL(`../golden/${file}.jsonl.gz`, import.meta.url))).toString()
  return text
    .split('\n')
    .filter((line) => /"case":"(random|edge|unknown-tags)"/.test(line))
    .map(seedOf)
})

function seedOf(line: string): Seed {
  const { name, api, kind, version, hex } = JSON.parse(line) as { name?: string; api: string; kind: string; version: number; hex: string }
  const declaration = declarations.get(name ?? `${api}${kind === 'request' ? 'Request' : 'Response'}`) as Message
  return { declaration, version, bytes: Buffer.from(hex, 'hex') }
}

/** Values, strings and objects in it: what the decoder allocated. */
function nodesIn(value: unknown): number {
  if (value === null || typeof value !== 'object' || Buffer.isBuffer(value)) return 1
  return Object.values(value).reduce<number>((sum, inner) => sum + nodesIn(inner), 1)
}

/** An array's element takes a byte at least, and is no more than this many values with all that is left out of it. */
const nodesPerByte = 64

const writer = new Writer()

/** Undefined, or what is wrong. */
function faultOf(declaration: Message, version: number, bytes: Buffer): string | undefined {
  const cursor = new Cursor(bytes)
  let value: object
  try {
    value = decodeFrom(cursor, declaration, version, 'exact')
  } catch (error) {
    return error instanceof DecodeError ? undefined : `threw ${String(error)}`
  }
  if (cursor.position > bytes.length) return 'read past the end'
  const nodes = nodesIn(value)
  if (nodes > nodesPerByte * (bytes.length + 4)) return `made ${nodes} values of ${bytes.length} bytes`
  return faultOfReturn(declaration, version, value)
}

/** What was decoded can be encoded, and is then the same. */
function faultOfReturn(declaration: Message, version: number, value: object): string | undefined {
  try {
    writer.begin()
    encodeInto(writer, declaration, version, value, 'exact')
  } catch (error) {
    // Invalid UTF-8 becomes U+FFFD, which may be longer than a string may be.
    return error instanceof EncodeError && error.message.includes('more than a string may') ? undefined : `is not encoded: ${String(error)}`
  }
  const returned = decodeFrom(new Cursor(Buffer.concat(writer.finish())), declaration, version, 'exact')
  return isDeepStrictEqual(returned, value) ? undefined : 'is another when encoded and decoded again'
}

t.test('damaged messages of every version are a value or a DecodeError', async (t) => {
  for (const { declaration, version, bytes } of seeds) {
    for (let i = 0; i < 6; i++) {
      const given = damaged(i < 4 ? bytes : damaged(bytes))
      const fault = faultOf(declaration, version, given)
      if (fault !== undefined) t.fail(`${declaration.name} v${version} ${fault}: ${given.toString('hex')}\n${again}`)
    }
  }
  t.ok(seeds.length > 1000, 'there were messages to damage')
})

t.test('noise is a value or a DecodeError', async (t) => {
  for (const declaration of declarations.values()) {
    for (let version = declaration.versions.first; version <= declaration.versions.last; version++) {
      const given = noise(random(random(8) === 0 ? 3000 : 60))
      const fault = faultOf(declaration, version, given)
      if (fault !== undefined) t.fail(`${declaration.name} v${version} ${fault}: ${given.toString('hex')}\n${again}`)
    }
  }
  t.ok(declarations.size > 200)
})

t.test('a count that the bytes cannot fill is refused before anything is made', async (t) => {
  const largest = Buffer.alloc(1024 * 1024, 0xff)
  for (let at = 0; at < largest.length; at += 4) largest.writeInt32BE(at % 8 === 0 ? 0x7fffffff : 0x000fffff, at)
  for (const declaration of declarations.values()) {
    const version = declaration.versions.last
    for (const offset of [0, 1, 2, 3]) {
      const fault = faultOf(declaration, version, largest.subarray(offset))
      if (fault !== undefined) t.fail(`${declaration.name} v${version} at ${offset} ${fault}`)
    }
  }
  t.pass('all of them')
})

t.test('damaged headers and stored records are read or a DecodeError', async (t) => {
  const header = Buffer.from('0003000c0000002a000361626300', 'hex')
  for (let i = 0; i < 5000; i++) {
    const given = i % 2 === 0 ? damaged(header) : noise(random(24))
    for (const read of [
      () => decodeRequestHeader(given),
      () => decodeResponseHeader(given, 3, 12),
      () => metadataRecordHead(given),
      () => decodeVersioned(declarations.get('GroupMetadataValue') as Message, given),
    ]) {
      try {
        read()
      } catch (error) {
        if (!(error instanceof DecodeError)) t.fail(`${String(error)}: ${given.toString('hex')}\n${again}`)
      }
    }
  }
  t.pass('all of them')
})

t.test('a stream of frames, however cut and damaged, gives frames within the bound or a DecodeError', async (t) => {
  for (let i = 0; i < 300; i++) {
    const bodies = Array.from({ length: 1 + random(8) }, () => noise(random(200)))
    const whole = Buffer.concat(bodies.flatMap((body) => [Buffer.from([0, 0, 0, body.length]), body]))
    const stream = i % 2 === 0 ? whole : damaged(whole)
    const frames: Buffer[] = []
    const fault = cut(stream, frames)
    if (fault !== undefined) t.fail(`${fault}\n${again}`)
    if (frames.some(({ length }) => length > 255)) t.fail(`a frame beyond the bound\n${again}`)
    if (i % 2 === 0 && !Buffer.concat(frames).equals(Buffer.concat(bodies))) t.fail(`other frames came out\n${again}`)
  }
  t.pass('all of them')
})

/** Undefined, or what is wrong. */
function cut(stream: Buffer, frames: Buffer[]): string | undefined {
  const cutter = new FrameCutter({ bytesMax: 255 })
  try {
    for (let at = 0; at < stream.length; ) {
      const part = stream.subarray(at, at + 1 + random(300))
      cutter.push(part, (frame) => frames.push(frame))
      at += part.length
    }
  } catch (error) {
    return error instanceof DecodeError ? undefined : `threw ${String(error)}`
  }
  return undefined
}
