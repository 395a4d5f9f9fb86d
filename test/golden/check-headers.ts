/** Checks headers and whole frames against their golden bytes, and the reading of unusual headers against Kafka's verdicts. */
import assert from 'node:assert/strict'
import { decodeFrom, encode } from '../../client/protocol/compile.ts'
import { FrameCutter } from '../../client/protocol/frame.ts'
import {
  decodeRequestHeader,
  decodeResponseHeader,
  encodeRequest,
  encodeResponse,
  requestHeaderVersion,
  responseHeaderVersion,
} from '../../client/protocol/header.ts'
import { DecodeError } from '../../client/protocol/malformed.ts'
import { RequestHeader } from '../../client/protocol/messages/records/request-header.ts'
import { ResponseHeader } from '../../client/protocol/messages/records/response-header.ts'
import type { Message } from '../../client/protocol/schema.ts'
import { Cursor } from '../../client/protocol/varint.ts'
import { checkLines, type Verdict } from './json-lines.ts'
import { declarations } from './registry.ts'

interface HeaderRow {
  kind: 'request' | 'response'
  headerVersion: number
  json: Record<string, unknown>
  hex: string
  unknown?: unknown[]
}

interface FrameRow {
  kind: 'request-frame' | 'response-frame'
  api: string
  key: number
  version: number
  requestHeader: number
  responseHeader: number
  correlationId: number
  clientId: string
  headerHex: string
  hex: string
}

interface ParseRow {
  kind: 'parse'
  what: string
  hex: string
  ok?: { key: number; version: number; headerVersion: number; correlationId: number; clientId: string; left: number }
}

type Row = HeaderRow | FrameRow | ParseRow

export function check(lines: Iterable<string>): Verdict {
  return checkLines<Row>(lines, nameOf, checkRow)
}

function nameOf(row: Row): string {
  if (row.kind === 'parse') return row.what
  return 'api' in row ? `${row.kind} ${row.api} v${row.version}` : `${row.kind} header v${row.headerVersion}`
}

function checkRow(row: Row): void {
  switch (row.kind) {
    case 'parse':
      return checkParse(row)
    case 'request-frame':
      return checkRequestFrame(row)
    case 'response-frame':
      return checkResponseFrame(row)
    case 'request':
      return checkHeader(RequestHeader, row)
    default:
      return checkHeader(ResponseHeader, row)
  }
}

function checkHeader(declaration: Message, { headerVersion, json, hex, unknown }: HeaderRow): void {
  const bytes = Buffer.from(hex, 'hex')
  const cursor = new Cursor(bytes)
  const decoded = decodeFrom(cursor, declaration, headerVersion) as Record<string, unknown>
  assert.equal(cursor.position, bytes.length, 'bytes are left')
  for (const [name, value] of Object.entries(json)) assert.deepEqual(decoded[name], value, name)
  if (!unknown) assert.equal(Buffer.concat(encode(declaration, headerVersion, json)).toString('hex'), hex, 'encoded otherwise')
}

function checkRequestFrame({ api, key, version, requestHeader, correlationId, clientId, headerHex, hex }: FrameRow): void {
  const declaration = declarations.get(`${api}Request`)
  assert(declaration, 'is not declared')
  const frame = onlyFrame(hex)
  const size = headerHex.length / 2
  assert.equal(requestHeaderVersion(key, version), requestHeader)
  assert.deepEqual(decodeRequestHeader(frame), { apiKey: key, apiVersion: version, correlationId, clientId, size })
  const body = decodeFrom(new Cursor(frame, size), declaration, version)
  assert.equal(Buffer.concat(encodeRequest(declaration, version, { correlationId, clientId }, body)).toString('hex'), hex)
}

function checkResponseFrame({ api, key, version, responseHeader, correlationId, headerHex, hex }: FrameRow): void {
  const declaration = declarations.get(`${api}Response`)
  assert(declaration, 'is not declared')
  const frame = onlyFrame(hex)
  const size = headerHex.length / 2
  assert.equal(responseHeaderVersion(key, version), responseHeader)
  assert.deepEqual(decodeResponseHeader(frame, key, version), { correlationId, size })
  const body = decodeFrom(new Cursor(frame, size), declaration, version)
  assert.equal(Buffer.concat(encodeResponse(declaration, version, correlationId, body)).toString('hex'), hex)
}

function checkParse({ hex, ok }: ParseRow): void {
  const frame = Buffer.from(hex, 'hex')
  if (!ok) {
    assert.throws(() => decodeRequestHeader(frame), DecodeError)
    return
  }
  const { key, version, headerVersion, correlationId, clientId, left } = ok
  const size = frame.length - left
  assert.deepEqual(decodeRequestHeader(frame), { apiKey: key, apiVersion: version, correlationId, clientId, size })
  assert.equal(requestHeaderVersion(key, version), headerVersion)
}

function onlyFrame(hex: string): Buffer {
  const frames: Buffer[] = []
  new FrameCutter({ bytesMax: 1_000_000 }).push(Buffer.from(hex, 'hex'), (frame) => frames.push(frame))
  assert.equal(frames.length, 1, 'is one whole frame')
  return frames[0] as Buffer
}
