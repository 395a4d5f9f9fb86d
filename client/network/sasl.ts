/**
 * Who the client is, told to a broker: PLAIN (RFC 4616), SCRAM (RFC 5802), OAUTHBEARER (RFC 7628, KIP-255), in SaslHandshake and SaslAuthenticate.
 * Owns: what each mechanism says. Never: when, or on which connection. Passwords and tokens go into messages, never into errors or logs.
 */
import type { ClientPlatform } from '../platform/dial.ts'
import { ErrorCode } from '../protocol/errors.ts'
import { SaslAuthenticateRequest, SaslAuthenticateResponse } from '../protocol/messages/sasl-authenticate.ts'
import { SaslHandshakeRequest, SaslHandshakeResponse } from '../protocol/messages/sasl-handshake.ts'
import type { Input, Message, Of } from '../protocol/schema.ts'
import { ScramClient, type ScramMechanism } from '../protocol/scram.ts'
import { ScramError } from '../protocol/scram-message.ts'
import { answeredError, ClientError } from './client-error.ts'

export interface PlainOptions {
  readonly mechanism: 'plain'
  readonly username: string
  readonly password: string
}

export interface ScramOptions {
  readonly mechanism: 'scram-sha-256' | 'scram-sha-512'
  readonly username: string
  readonly password: string
  /** They are a delegation token's id and its HMAC in base64 (KIP-48). */
  readonly isDelegationToken?: boolean
}

/** A token with what is to be told beside it (KIP-342). */
export interface OauthToken {
  readonly value: string
  readonly extensions?: Readonly<Record<string, string>>
}

export interface OauthOptions {
  readonly mechanism: 'oauthbearer'
  /** Asked for each connection, and again before a broker's session ends: it gives one that is valid now. */
  readonly token: () => string | OauthToken | Promise<string | OauthToken>
}

export type SaslOptions = PlainOptions | ScramOptions | OauthOptions

/** Asks something of the broker that is being told. */
export type SaslExchange = <Q extends Message, S extends Message>(request: Q, response: S, body: Input<Q>) => Promise<Of<S>>

const scramMechanismOf: Record<ScramOptions['mechanism'], ScramMechanism> = {
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
}
const nonceBytes = 24

/** Gives the session's lifetime in milliseconds, 0 if it has no end (KIP-368). Throws SASL_AUTHENTICATION_FAILED, UNSUPPORTED_SASL_MECHANISM. */
export async function authenticate(exchange: SaslExchange, broker: string, sasl: SaslOptions, platform: ClientPlatform): Promise<number> {
  const mechanism = sasl.mechanism.toUpperCase()
  const { errorCode, mechanisms } = await exchange(SaslHandshakeRequest, SaslHandshakeResponse, { mechanism })
  if (errorCode !== ErrorCode.NONE) {
    throw answeredError(errorCode, `${broker} does not take ${mechanism}`, { broker, message: handshakeRefusal(errorCode, mechanisms) })
  }
  let lifetimeMs = 0
  const say = async (bytes: Uint8Array): Promise<string> => {
    const answer = await exchange(SaslAuthenticateRequest, SaslAuthenticateResponse, { authBytes: Buffer.from(bytes) })
    if (answer.errorCode !== ErrorCode.NONE) {
      throw answeredError(answer.errorCode, `${broker} does not let the client in by ${mechanism}`, {
        broker,
        message: answer.errorMessage,
      })
    }
    lifetimeMs = answer.sessionLifetimeMs
    return answer.authBytes.toString()
  }
  try {
    if (sasl.mechanism === 'plain') await say(plainMessage(sasl))
    else if (sasl.mechanism === 'oauthbearer') await oauth(sasl, say, broker)
    else await scram(sasl, say, platform)
  } catch (cause) {
    if (!(cause instanceof ScramError)) throw cause
    throw new ClientError('SASL_AUTHENTICATION_FAILED', `${broker} cannot prove who it is by ${mechanism}: ${cause.message}`, {
      broker,
      cause,
    })
  }
  return lifetimeMs
}

/** Null: as the code says. */
function handshakeRefusal(errorCode: number, mechanisms: readonly string[]): string | null {
  if (errorCode === ErrorCode.ILLEGAL_SASL_STATE)
    return 'its listener asks nobody who they are. Leave `sasl` out, or give the address of a listener with SASL'
  return mechanisms.length > 0 ? `it takes ${mechanisms.join(', ')}` : null
}

function plainMessage({ username, password }: PlainOptions): Uint8Array {
  return Buffer.from(`\0${username}\0${password}`)
}

async function scram(
  { mechanism, username, password, isDelegationToken = false }: ScramOptions,
  say: (bytes: Uint8Array) => Promise<string>,
  platform: ClientPlatform,
): Promise<void> {
  const nonce = Buffer.from(platform.randomBytes(nonceBytes)).toString('base64url')
  const client = new ScramClient({
    mechanism: scramMechanismOf[mechanism],
    userName: username,
    password,
    nonce,
    isToken: isDelegationToken,
  })
  const serverFirst = await say(Buffer.from(client.start()))
  client.finish(await say(Buffer.from(await client.respond(serverFirst))))
}

/** A refusal comes as a challenge in JSON, and is to be answered with a lone ^A before the broker says so by a code. */
async function oauth({ token }: OauthOptions, say: (bytes: Uint8Array) => Promise<string>, broker: string): Promise<void> {
  const challenge = await say(oauthMessage(await freshToken(token, broker)))
  if (challenge === '') return
  await say(Buffer.from('\x01'))
  throw new ClientError('SASL_AUTHENTICATION_FAILED', `${broker} does not take the token: ${challenge}`, { broker })
}

async function freshToken(token: OauthOptions['token'], broker: string): Promise<OauthToken> {
  try {
    const given = await token()
    return typeof given === 'string' ? { value: given } : given
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'it threw what is no Error'
    throw new ClientError('SASL_AUTHENTICATION_FAILED', `the token function gave no token for ${broker}: ${why}`, {
      retriable: true,
      broker,
      cause,
    })
  }
}

function oauthMessage({ value, extensions = {} }: OauthToken): Uint8Array {
  const pairs = Object.entries(extensions).map(([name, content]) => `${name}=${content}\x01`)
  return Buffer.from(`n,,\x01auth=Bearer ${value}\x01${pairs.join('')}\x01`)
}
