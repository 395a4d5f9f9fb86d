/**
 * Records as lines: what `produce` reads, and the JSON that `consume` writes (its text is record-writer.ts).
 *   text  (headers TAB) (key SEPARATOR) value, as bytes; headers are name:value,name:value
 *   json  one object a line: key, value, headers, timestamp, partition. Text is a string; bytes that are no UTF-8 are {"base64": "…"}
 *   raw   the value's bytes and nothing else
 * Pure. In text null and empty look the same, unless --null says what stands for null; json tells them apart.
 */
import { isUtf8 } from 'node:buffer'
import type { ReadRecord, ProducerRecord } from '../../client/index.ts'
import { CommandError } from './exit.ts'

export const formats = ['text', 'json', 'raw'] as const
export type Format = (typeof formats)[number]

export interface TextLayout {
  /** Undefined: lines have no keys. */
  readonly keySeparator: string | undefined
  readonly headers: boolean
  /** What stands for a key or a value that is not there; undefined: nothing does. */
  readonly null: string | undefined
}

const tab = Buffer.from('\t')

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', 0: '\0', '\\': '\\' }

/** A tab may be written as \t, and so may what a shell has no other way for: \n \r \0 \\. */
export function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (whole, letter: string) => escapes[letter] ?? whole)
}

export function writeJson({ topic, partition, offset, timestamp, key, value, headers }: ReadRecord, base64: boolean): string {
  const pairs = headers.map(([name, content]) => [name, jsonBytes(content, base64)])
  const line = { topic, partition, offset, timestamp, key: jsonBytes(key, base64), value: jsonBytes(value, base64), headers: pairs }
  return `${JSON.stringify(line)}\n`
}

function jsonBytes(bytes: Buffer | null, base64: boolean): unknown {
  if (bytes === null) return null
  if (base64) return bytes.toString('base64')
  return isUtf8(bytes) ? bytes.toString() : { base64: bytes.toString('base64') }
}

/** @param where the line, for messages: `line 7`. Throws CommandError. */
export function readText(line: Buffer, { keySeparator, headers: withHeaders, null: nullText }: TextLayout, where: string): ProducerRecord {
  let rest = line
  let headers: [string, Buffer][] = []
  if (withHeaders) {
    const end = rest.indexOf(tab)
    if (end < 0) throw new CommandError(`${where} has no tab behind its headers`)
    headers = headersOf(rest.subarray(0, end).toString(), where)
    rest = rest.subarray(end + 1)
  }
  const orNone = (bytes: Buffer) => (nullText !== undefined && bytes.equals(Buffer.from(nullText)) ? null : bytes)
  if (keySeparator === undefined) return { value: orNone(rest), headers }
  const end = rest.indexOf(keySeparator)
  if (end < 0) throw new CommandError(`${where} has no key: there is no '${keySeparator}' in it`)
  return { key: orNone(rest.subarray(0, end)), value: orNone(rest.subarray(end + Buffer.byteLength(keySeparator))), headers }
}

function headersOf(text: string, where: string): [string, Buffer][] {
  if (text === '') return []
  return text.split(',').map((header) => {
    const at = header.indexOf(':')
    if (at < 1) throw new CommandError(`${where} has a header that is not name:value: '${header}'`)
    return [header.slice(0, at), Buffer.from(header.slice(at + 1))]
  })
}

const fields = new Set(['topic', 'partition', 'offset', 'timestamp', 'key', 'value', 'headers'])

/** What `writeJson` writes, and less: topic and offset are passed over. Throws CommandError. */
export function readJson(line: Buffer, base64: boolean, where: string): ProducerRecord {
  const parsed = objectIn(line, where)
  const unknown = Object.keys(parsed).find((name) => !fields.has(name))
  if (unknown !== undefined) throw new CommandError(`${where} has a field that is not known: '${unknown}'`)
  const { partition, timestamp, key = null, value = null, headers = [] } = parsed
  return {
    key: bytesIn(key, base64, `${where}: key`),
    value: bytesIn(value, base64, `${where}: value`),
    headers: pairsIn(headers, where).map(([name, content]) => [name, bytesIn(content, base64, `${where}: header ${name}`)]),
    ...(timestamp === undefined || timestamp === null ? {} : { timestamp: timeIn(timestamp, where) }),
    ...(partition === undefined || partition === null ? {} : { partition: partitionIn(partition, where) }),
  }
}

function objectIn(line: Buffer, where: string): Record<string, unknown> {
  let parsed: unknown
  try {
    parsed = JSON.parse(line.toString())
  } catch (error) {
    throw new CommandError(`${where} is not JSON: ${(error as Error).message}`, error)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new CommandError(`${where} is not a JSON object`)
  return parsed as Record<string, unknown>
}

function bytesIn(given: unknown, base64: boolean, where: string): Buffer | null {
  if (given === null) return null
  if (typeof given === 'string') return base64 ? base64In(given, where) : Buffer.from(given)
  const nested = (given as { base64?: unknown }).base64
  if (typeof nested === 'string') return base64In(nested, where)
  throw new CommandError(`${where} must be a string, null or {"base64": "…"}, not ${JSON.stringify(given)}`)
}

function base64In(text: string, where: string): Buffer {
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) throw new CommandError(`${where} is not base64`)
  return Buffer.from(text, 'base64')
}

/** `[["name", "value"], …]`, or an object where no name comes twice. */
function pairsIn(headers: unknown, where: string): [string, unknown][] {
  const pairs = Array.isArray(headers) ? headers : Object.entries(headers ?? {})
  if (!pairs.every((pair) => Array.isArray(pair) && pair.length === 2 && typeof pair[0] === 'string')) {
    throw new CommandError(`${where}: headers must be [["name", "value"], …] or {"name": "value", …}`)
  }
  return pairs
}

function timeIn(given: unknown, where: string): number {
  const time = typeof given === 'string' ? Date.parse(given) : given
  if (typeof time === 'number' && Number.isSafeInteger(time)) return time
  throw new CommandError(`${where}: timestamp must be milliseconds since 1970 or a moment such as 2026-01-31T08:00:00Z`)
}

function partitionIn(given: unknown, where: string): number {
  if (typeof given === 'number' && Number.isInteger(given) && given >= 0) return given
  throw new CommandError(`${where}: partition must be a number, counted from 0`)
}
