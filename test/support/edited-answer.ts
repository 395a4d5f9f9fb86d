/** An answer of a broker with something in it changed. Owns: which message an API's answer is. */
import { apis } from '../../client/protocol/apis.ts'
import { decode } from '../../client/protocol/compile.ts'
import { decodeResponseHeader, encodeResponse } from '../../client/protocol/header.ts'
import type { Message } from '../../client/protocol/schema.ts'

/** Changes the decoded answer in place, as far as it knows its kind. */
export type Edit = (answer: Record<string, unknown>, apiKey: number) => void

const sizeBytes = 4
const unsupportedVersion = 35
/** An ApiVersions answer in the version of none: the oldest. */
const apiVersionsKey = 18

/** @param frame with its size before it. */
export async function edited(frame: Buffer, apiKey: number, version: number, edit: Edit): Promise<Buffer> {
  const declaration = await responseOf(apiKey)
  const body = frame.subarray(sizeBytes)
  const { correlationId, size } = decodeResponseHeader(body, apiKey, version)
  const answer = decode(declaration, version, body, size) as Record<string, unknown>
  edit(answer, apiKey)
  // A broker that does not know the version asked for says so in version 0 (KIP-511).
  const isOldest = apiKey === apiVersionsKey && answer['errorCode'] === unsupportedVersion
  return Buffer.concat(encodeResponse(declaration, isOldest ? 0 : version, correlationId, answer))
}

export function apiKeyOf(name: string): number {
  for (const [key, api] of apis) if (api.name === name) return key
  throw new Error(`there is no API ${name}`)
}

async function responseOf(apiKey: number): Promise<Message> {
  const name = apis.get(apiKey)?.name ?? `API ${apiKey}`
  const file = name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase()
  const messages = (await import(`../../client/protocol/messages/${file}.ts`)) as Record<string, Message>
  const found = messages[`${name}Response`]
  if (!found) throw new Error(`no message is the answer of ${name}`)
  return found
}
