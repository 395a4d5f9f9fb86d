/**
 * What stands before a message in a frame: the request's header (who asks for what, and its number), the response's (the number).
 * Owns: which version of the header an API's version has, and whole frames, size first. Never: knows the bodies.
 * One exception, KIP-511: the answer to ApiVersions always has the header v0, as the client may not yet know what we speak.
 */
import { apis } from './apis.ts'
import { decodeFrom, encodeInto } from './compile.ts'
import { DecodeError, truncated } from './malformed.ts'
import { RequestHeader as RequestHeaderMessage } from './messages/records/request-header.ts'
import { ResponseHeader as ResponseHeaderMessage } from './messages/records/response-header.ts'
import type { Input, Message } from './schema.ts'
import { Cursor } from './varint.ts'
import { within } from './versions.ts'
import { Writer } from './writer.ts'

export interface RequestHeader {
  readonly apiKey: number
  readonly apiVersion: number
  readonly correlationId: number
  /** Empty if the client gave none. */
  readonly clientId: string
  /** Bytes that the header takes: where the body begins. */
  readonly size: number
}

export interface ResponseHeader {
  readonly correlationId: number
  /** Bytes that the header takes: where the body begins. */
  readonly size: number
}

const apiVersionsKey = 18
const sizeBytes = 4

/** The version may be one that nobody knows: the rule holds for the future too. Throws DecodeError if there is no such API. */
export function requestHeaderVersion(apiKey: number, apiVersion: number): 1 | 2 {
  return isFlexible(apiKey, apiVersion) ? 2 : 1
}

export function responseHeaderVersion(apiKey: number, apiVersion: number): 0 | 1 {
  return apiKey !== apiVersionsKey && isFlexible(apiKey, apiVersion) ? 1 : 0
}

function isFlexible(apiKey: number, apiVersion: number): boolean {
  const api = apis.get(apiKey)
  if (!api) throw new DecodeError(`there is no API with key ${apiKey}`, 0)
  return api.flexibleFrom !== null && apiVersion >= api.flexibleFrom
}

/** @param frame a request's frame without its size. Throws DecodeError. */
export function decodeRequestHeader(frame: Buffer): RequestHeader {
  if (frame.length < 4) throw truncated('the request header', frame.length)
  const version = requestHeaderVersion(frame.readInt16BE(0), frame.readInt16BE(2))
  const cursor = new Cursor(frame)
  const { requestApiKey, requestApiVersion, correlationId, clientId } = decodeFrom(cursor, RequestHeaderMessage, version)
  return { apiKey: requestApiKey, apiVersion: requestApiVersion, correlationId, clientId: clientId ?? '', size: cursor.position }
}

/** @param frame a response's frame without its size; the API and version are those that were asked. Throws DecodeError. */
export function decodeResponseHeader(frame: Buffer, apiKey: number, apiVersion: number): ResponseHeader {
  const cursor = new Cursor(frame)
  const { correlationId } = decodeFrom(cursor, ResponseHeaderMessage, responseHeaderVersion(apiKey, apiVersion))
  return { correlationId, size: cursor.position }
}

/** A whole request, size first, as chunks for one gathered write; record data is among them by reference. */
export function encodeRequest<M extends Message>(
  declaration: M,
  version: number,
  { correlationId, clientId }: { correlationId: number; clientId: string | null },
  value: Input<M>,
): Buffer[] {
  const headerVersion = within(declaration.flexible, version) ? 2 : 1
  begin()
  const header = { requestApiKey: declaration.key, requestApiVersion: version, correlationId, clientId }
  encodeInto(writer, RequestHeaderMessage, headerVersion, header)
  encodeInto(writer, declaration, version, value)
  return writer.finishFrame()
}

/** A whole response, size first, as chunks for one gathered write; record data is among them by reference. */
export function encodeResponse<M extends Message>(declaration: M, version: number, correlationId: number, value: Input<M>): Buffer[] {
  const headerVersion = declaration.key !== apiVersionsKey && within(declaration.flexible, version) ? 1 : 0
  begin()
  encodeInto(writer, ResponseHeaderMessage, headerVersion, { correlationId })
  encodeInto(writer, declaration, version, value)
  return writer.finishFrame()
}

const writer = new Writer()

function begin(): void {
  writer.begin()
  writer.reserve(sizeBytes)
  writer.position += sizeBytes
}
