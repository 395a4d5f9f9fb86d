/**
 * SCRAM (RFC 5802, RFC 7677): both sides prove that they know a password, and none sends it. Two rounds:
 *
 *     client-first  → name, nonce            server-first ← nonce with its own behind, salt, iterations
 *     client-final  → proof                  server-final ← signature
 *
 * Each side is an object fed one message at a time; it decides, and touches no network. Nonces come from the caller, who has the
 * random numbers. A side that threw is spent. Passwords are plain UTF-8, as in Kafka, not SASLprepped.
 */
import { strict as assert } from 'node:assert'
import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto'
import {
  type ClientFirst,
  clientFinalWithoutProof,
  clientFirstBare,
  fromSaslName,
  parseClientFinal,
  parseClientFirst,
  parseServerFinal,
  parseServerFirst,
  ScramError,
  toSaslName,
  writeServerFirst,
} from './scram-message.ts'

/** `type`: as in AlterUserScramCredentials. Fewer iterations are refused by both sides; more are not made for a user. */
export const scramMechanisms = {
  'SCRAM-SHA-256': { type: 1, hash: 'sha256', bytes: 32, iterationsMin: 4096, iterationsMax: 16384 },
  'SCRAM-SHA-512': { type: 2, hash: 'sha512', bytes: 64, iterationsMin: 4096, iterationsMax: 16384 },
} as const

export type ScramMechanism = keyof typeof scramMechanisms

/** What a server keeps of a password. */
export interface ScramCredential {
  readonly salt: Buffer
  readonly storedKey: Buffer
  readonly serverKey: Buffer
  readonly iterations: number
}

/** Without channel binding, which Kafka has not. */
const gs2Header = 'n,,'
const tokenAuthentication = 'tokenauth'
/** A server cannot make a client work for hours. */
const clientIterationsMax = 4_000_000

/** The slow part, off the event loop. */
export function saltPassword(mechanism: ScramMechanism, password: string, salt: Buffer, iterations: number): Promise<Buffer> {
  const { bytes, hash } = scramMechanisms[mechanism]
  return new Promise((resolve, reject) => {
    pbkdf2(password, salt, iterations, bytes, hash, (error, salted) => (error ? reject(error) : resolve(salted)))
  })
}

/** From a salted password, as AlterUserScramCredentials brings one. */
export function credentialOf(mechanism: ScramMechanism, saltedPassword: Buffer, salt: Buffer, iterations: number): ScramCredential {
  const storedKey = hashed(mechanism, hmac(mechanism, saltedPassword, 'Client Key'))
  return { salt, storedKey, serverKey: hmac(mechanism, saltedPassword, 'Server Key'), iterations }
}

export interface ScramServerOptions {
  readonly mechanism: ScramMechanism
  readonly nonce: string
  /** Whose credential it is: the user, or a delegation token's owner. Undefined: there is none. */
  readonly find: (
    userName: string,
    isToken: boolean,
  ) => { readonly credential: ScramCredential; readonly authorizationId: string } | undefined
}

export class ScramServer {
  readonly #options: ScramServerOptions
  #credential: ScramCredential | undefined
  #expectedNonce = ''
  #signedSoFar = ''
  #authorizationId = ''
  #isComplete = false

  constructor(options: ScramServerOptions) {
    this.#options = options
  }

  /** Who the client has proved to be. */
  get authorizationId(): string {
    assert(this.#isComplete, 'nobody is authorised before the exchange is complete')
    return this.#authorizationId
  }

  get isComplete(): boolean {
    return this.#isComplete
  }

  /** Takes client-first, gives server-first. Throws a ScramError. */
  challenge(clientFirst: string): string {
    assert(this.#signedSoFar === '', 'one challenge an exchange')
    const { mechanism, nonce } = this.#options
    const first = parseClientFirst(clientFirst)
    const credential = this.#find(first)
    const { iterationsMin } = scramMechanisms[mechanism]
    if (credential.iterations < iterationsMin)
      throw new ScramError(`The credential has ${credential.iterations} iterations, fewer than ${iterationsMin}`)
    this.#credential = credential
    this.#expectedNonce = first.nonce + nonce
    const serverFirst = writeServerFirst({ nonce: this.#expectedNonce, salt: credential.salt, iterations: credential.iterations })
    this.#signedSoFar = `${first.bare},${serverFirst}`
    return serverFirst
  }

  /** Takes client-final, gives server-final. Throws a ScramError where the proof is none. */
  verify(clientFinal: string): string {
    const credential = this.#credential
    assert(credential, 'a proof answers a challenge, once')
    this.#credential = undefined
    const { mechanism } = this.#options
    const final = parseClientFinal(clientFinal)
    if (final.nonce !== this.#expectedNonce) throw new ScramError('The client answers another nonce')
    const signed = `${this.#signedSoFar},${final.withoutProof}`
    const clientSignature = hmac(mechanism, credential.storedKey, signed)
    if (final.proof.length !== clientSignature.length) throw new ScramError('The proof has another length')
    const storedKey = hashed(mechanism, xor(clientSignature, final.proof))
    if (!timingSafeEqual(storedKey, credential.storedKey)) throw new ScramError('The proof is wrong')
    this.#isComplete = true
    return `v=${hmac(mechanism, credential.serverKey, signed).toString('base64')}`
  }

  #find({ saslName, authorizationId, extensions }: ClientFirst): ScramCredential {
    const userName = fromSaslName(saslName)
    const isToken = extensions.get(tokenAuthentication)?.toLowerCase() === 'true'
    const found = this.#options.find(userName, isToken)
    if (!found) throw new ScramError('There is no such user or token')
    if (authorizationId !== '' && authorizationId !== userName) throw new ScramError('The client asks to act for another user')
    this.#authorizationId = found.authorizationId
    return found.credential
  }
}

export interface ScramClientOptions {
  readonly mechanism: ScramMechanism
  readonly userName: string
  readonly password: string
  readonly nonce: string
  /** The name and password are a delegation token's id and secret. */
  readonly isToken?: boolean
}

export class ScramClient {
  readonly #options: ScramClientOptions
  readonly #bare: string
  #expectedSignature: Buffer | undefined

  constructor(options: ScramClientOptions) {
    this.#options = options
    const extensions = new Map(options.isToken ? [[tokenAuthentication, 'true']] : [])
    this.#bare = clientFirstBare({ saslName: toSaslName(options.userName), nonce: options.nonce, extensions })
  }

  /** Gives client-first. */
  start(): string {
    return gs2Header + this.#bare
  }

  /** Takes server-first, gives client-final. Throws a ScramError. */
  async respond(serverFirst: string): Promise<string> {
    const { mechanism, nonce, password } = this.#options
    const first = parseServerFirst(serverFirst)
    if (!first.nonce.startsWith(nonce)) throw new ScramError('The server answers another nonce')
    const { iterationsMin } = scramMechanisms[mechanism]
    if (first.iterations < iterationsMin || first.iterations > clientIterationsMax) {
      throw new ScramError(`The server asks for ${first.iterations} iterations, not ${iterationsMin} to ${clientIterationsMax}`)
    }
    const salted = await saltPassword(mechanism, password, first.salt, first.iterations)
    const withoutProof = clientFinalWithoutProof(Buffer.from(gs2Header), first.nonce)
    const signed = `${this.#bare},${writeServerFirst(first)},${withoutProof}`
    const clientKey = hmac(mechanism, salted, 'Client Key')
    const proof = xor(clientKey, hmac(mechanism, hashed(mechanism, clientKey), signed))
    this.#expectedSignature = hmac(mechanism, hmac(mechanism, salted, 'Server Key'), signed)
    return `${withoutProof},p=${proof.toString('base64')}`
  }

  /** Takes server-final. Throws a ScramError unless the server knows the password too. */
  finish(serverFinal: string): void {
    const expected = this.#expectedSignature
    assert(expected, 'the end comes after a response')
    const { error, signature } = parseServerFinal(serverFinal)
    if (error !== null) throw new ScramError(`The server refuses: ${error}`)
    if (signature?.length !== expected.length || !timingSafeEqual(signature, expected))
      throw new ScramError("The server's signature is wrong")
  }
}

function hmac(mechanism: ScramMechanism, key: Buffer, content: string): Buffer {
  return createHmac(scramMechanisms[mechanism].hash, key).update(content).digest()
}

function hashed(mechanism: ScramMechanism, content: Buffer): Buffer {
  return createHash(scramMechanisms[mechanism].hash).update(content).digest()
}

function xor(a: Buffer, b: Buffer): Buffer {
  assert(a.length === b.length, 'both come from the same hash')
  return Buffer.from(a.map((byte, i) => byte ^ (b[i] as number)))
}
