/**
 * The four messages of a SCRAM exchange (RFC 5802, section 7), parsed and written as Kafka does: no channel binding, extensions
 * of the first message kept, unknown ones elsewhere passed over, mandatory extensions (m=) passed over too.
 *
 *     client-first   n,(a=authzid)?,n=name,r=nonce(,extension=value)*
 *     server-first   r=nonce,s=salt,i=iterations
 *     client-final   c=binding,r=nonce,p=proof
 *     server-final   v=signature  or  e=error
 *
 * In names a comma is written =2C and an equals sign =3D. Salt, binding, proof and signature are base64.
 */

/** The peer's message is malformed, or proves nothing. What it says is for the log: the peer is told no more than that it failed. */
export class ScramError extends Error {
  override readonly name = 'ScramError'
}

export interface ClientFirst {
  /** Escaped, as in the message. */
  readonly saslName: string
  readonly nonce: string
  readonly authorizationId: string
  readonly extensions: ReadonlyMap<string, string>
  /** What both sides sign. */
  readonly bare: string
}

export interface ServerFirst {
  readonly nonce: string
  readonly salt: Buffer
  readonly iterations: number
}

export interface ClientFinal {
  readonly channelBinding: Buffer
  readonly nonce: string
  readonly proof: Buffer
  /** What both sides sign. */
  readonly withoutProof: string
}

export interface ServerFinal {
  readonly error: string | null
  readonly signature: Buffer | null
}

const value = '[\\x01-\\x2b\\x2d-\\x7f]+'
const safeValue = '[\\x01-\\x2b\\x2d-\\x3c\\x3e-\\x7f]+'
const printable = '[\\x21-\\x2b\\x2d-\\x7e]+'
const name = '(?:[\\x01-\\x2b\\x2d-\\x3c\\x3e-\\x7f]|=2C|=3D)+'
const base64 = '(?:[a-zA-Z0-9/+]{4})*(?:[a-zA-Z0-9/+]{3}=|[a-zA-Z0-9/+]{2}==)?'
const reserved = `(?:m=${value},)?`
const extensions = `(?:,[A-Za-z]+=${value})*`

const clientFirstPattern = new RegExp(
  `^n,(?:a=(?<authzid>${name}))?,${reserved}n=(?<name>${name}),r=(?<nonce>${printable})(?<extensions>${extensions})$`,
)
const serverFirstPattern = new RegExp(`^${reserved}r=(?<nonce>${printable}),s=(?<salt>${base64}),i=(?<iterations>[0-9]+)${extensions}$`)
const clientFinalPattern = new RegExp(`^c=(?<binding>${base64}),r=(?<nonce>${printable})${extensions},p=(?<proof>${base64})$`)
const serverFinalPattern = new RegExp(`^(?:e=(?<error>${safeValue})|v=(?<signature>${base64})${extensions})$`)

/** Longer than any honest message by far: a name, a nonce and a proof. */
const messageLengthMax = 8192
const int32Max = 0x7fff_ffff

function match(what: string, pattern: RegExp, text: string): { [group: string]: string } {
  const found = text.length <= messageLengthMax ? pattern.exec(text)?.groups : undefined
  if (!found) throw new ScramError(`The ${what} message is malformed`)
  return found
}

export function parseClientFirst(text: string): ClientFirst {
  const found = match('client-first', clientFirstPattern, text)
  const pairs = (found['extensions'] ?? '').split(',').slice(1)
  const given = new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
  const first = { saslName: found['name'] as string, nonce: found['nonce'] as string, extensions: given }
  return { ...first, authorizationId: found['authzid'] ?? '', bare: clientFirstBare(first) }
}

export function clientFirstBare({ saslName, nonce, extensions: given }: Pick<ClientFirst, 'saslName' | 'nonce' | 'extensions'>): string {
  return [`n=${saslName}`, `r=${nonce}`, ...[...given].map(([key, content]) => `${key}=${content}`)].join(',')
}

export function parseServerFirst(text: string): ServerFirst {
  const found = match('server-first', serverFirstPattern, text)
  const iterations = Number(found['iterations'])
  if (iterations < 1 || iterations > int32Max) throw new ScramError(`The server asks for ${iterations} iterations`)
  return { nonce: found['nonce'] as string, salt: bytesOf(found['salt']), iterations }
}

export function writeServerFirst({ nonce, salt, iterations }: ServerFirst): string {
  return `r=${nonce},s=${salt.toString('base64')},i=${iterations}`
}

export function parseClientFinal(text: string): ClientFinal {
  const found = match('client-final', clientFinalPattern, text)
  const channelBinding = bytesOf(found['binding'])
  const nonce = found['nonce'] as string
  return { channelBinding, nonce, proof: bytesOf(found['proof']), withoutProof: clientFinalWithoutProof(channelBinding, nonce) }
}

export function clientFinalWithoutProof(channelBinding: Buffer, nonce: string): string {
  return `c=${channelBinding.toString('base64')},r=${nonce}`
}

export function parseServerFinal(text: string): ServerFinal {
  const found = match('server-final', serverFinalPattern, text)
  const error = found['error'] ?? null
  return { error, signature: error === null ? bytesOf(found['signature']) : null }
}

export function toSaslName(userName: string): string {
  return userName.replaceAll('=', '=3D').replaceAll(',', '=2C')
}

export function fromSaslName(saslName: string): string {
  const userName = saslName.replaceAll('=2C', ',')
  if (userName.replaceAll('=3D', '').includes('=')) throw new ScramError('The user name is not escaped as it must be')
  return userName.replaceAll('=3D', '=')
}

function bytesOf(text = ''): Buffer {
  return Buffer.from(text, 'base64')
}
