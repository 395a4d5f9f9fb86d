/**
 * The subprotocol stele.v1.json: each frame one message as JSON, for a human with a terminal. Bytes that are UTF-8 are written as a string, others
 * as `{ "base64": "…" }`.
 */
import { BadMessage } from './shape.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function encodeJson(message: object): string {
  return JSON.stringify(written(message))
}

/** Throws BadMessage. */
export function decodeJson(frame: string): unknown {
  try {
    return JSON.parse(frame)
  } catch (cause) {
    throw new BadMessage('the frame is no JSON', { cause })
  }
}

/** JSON.stringify asks a Buffer how it wants to be written before a replacer sees it, so bytes are replaced first. */
function written(value: unknown): unknown {
  if (value instanceof Uint8Array) return bytesText(value)
  if (Array.isArray(value)) return value.map(written)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, written(field)]))
}

function bytesText(bytes: Uint8Array): string | { base64: string } {
  try {
    return utf8.decode(bytes)
  } catch {
    let binary = ''
    for (const byte of bytes) binary += String.fromCharCode(byte)
    return { base64: btoa(binary) }
  }
}
