/** Checks SCRAM: whole exchanges in which each side is played with the other's recorded words, single messages, and names. */
import assert from 'node:assert/strict'
import { credentialOf, ScramClient, type ScramMechanism, ScramServer, saltPassword, scramMechanisms } from '../../client/protocol/scram.ts'
import {
  fromSaslName,
  parseClientFinal,
  parseClientFirst,
  parseServerFinal,
  parseServerFirst,
  ScramError,
  toSaslName,
} from '../../client/protocol/scram-message.ts'
import { parseExactly, type Verdict } from './json-lines.ts'

interface Exchange {
  mechanism: ScramMechanism
  username: string
  password: string
  clientPassword?: string
  salt: string
  iterations: number
  clientNonce: string
  serverNonce: string
  tokenauth?: boolean
  tamper?: string
  saltedPassword: string
  storedKey: string
  serverKey: string
  messages: { from: 'client' | 'server'; text: string; hex: string }[]
  authorizationId?: string
  result: 'ok' | 'rejected'
  rejectedBy?: 'client' | 'server'
  at?: 'client-first' | 'server-first' | 'client-final' | 'server-final'
}

interface Message {
  parse: keyof typeof parsers
  text: string
  ok?: object
  error?: string
}

interface Names {
  saslName?: string
  encoded?: string
  fromSaslName?: string
  decoded?: string
  error?: string
}

interface Mechanisms {
  mechanisms: { name: ScramMechanism; type: number; hash: string; minIterations: number; maxIterations: number }[]
}

type Row = Exchange | Message | Names | Mechanisms

const isScramError = (thrown: unknown): boolean => thrown instanceof ScramError

export async function check(lines: Iterable<string>): Promise<Verdict> {
  const verdict: Verdict = { passed: 0, failures: [] }
  let number = 0
  for (const line of lines) {
    number++
    if (line === '') continue
    try {
      await checkRow(parseExactly<Row>(line))
      verdict.passed++
    } catch (error) {
      verdict.failures.push(`${number} ${line.slice(0, 60)}: ${(error as Error).message.slice(0, 300)}`)
    }
  }
  return verdict
}

async function checkRow(row: Row): Promise<void> {
  if ('parse' in row) return checkMessage(row)
  if ('mechanisms' in row) return checkMechanisms(row)
  if ('messages' in row) return checkExchange(row)
  if (row.saslName !== undefined) return assert.equal(toSaslName(row.saslName), row.encoded, 'name to the wire')
  if (row.error) return assert.throws(() => fromSaslName(row.fromSaslName as string), isScramError, 'name refused')
  return assert.equal(fromSaslName(row.fromSaslName as string), row.decoded, 'name from the wire')
}

const parsers = {
  'client-first': (text: string) => {
    const { saslName, nonce, authorizationId, bare, extensions } = parseClientFirst(text)
    return { saslName, nonce, authorizationId, gs2Header: `n,${authorizationId},`, bare, tokenauth: extensions.get('tokenauth') === 'true' }
  },
  'server-first': (text: string) => {
    const { nonce, salt, iterations } = parseServerFirst(text)
    return { nonce, salt: salt.toString('hex'), iterations }
  },
  'client-final': (text: string) => {
    const { channelBinding, nonce, proof, withoutProof } = parseClientFinal(text)
    return { channelBinding: channelBinding.toString('hex'), nonce, proof: proof.toString('hex'), withoutProof }
  },
  'server-final': (text: string) => {
    const { error, signature } = parseServerFinal(text)
    return { error, serverSignature: signature?.toString('hex') ?? null }
  },
}

function checkMessage({ parse, text, ok, error }: Message): void {
  if (error) return assert.throws(() => parsers[parse](text), isScramError, 'refused')
  assert.deepEqual(parsers[parse](text), ok)
}

function checkMechanisms({ mechanisms }: Mechanisms): void {
  for (const { name, type, hash, minIterations, maxIterations } of mechanisms) {
    const { type: ownType, hash: ownHash, iterationsMin, iterationsMax } = scramMechanisms[name]
    assert.deepEqual(
      [ownType, ownHash, iterationsMin, iterationsMax],
      [type, hash.toLowerCase().replace('-', ''), minIterations, maxIterations],
    )
  }
}

/** Each side in turn gets what the other said on the record, tampered with or not, and must say what it said there. */
async function checkExchange(row: Exchange): Promise<void> {
  const { mechanism, username, salt, iterations, result, rejectedBy, at, tokenauth = false } = row
  for (const { text, hex } of row.messages) assert.equal(Buffer.from(text).toString('hex'), hex, 'text is bytes')
  const saltBytes = Buffer.from(salt, 'hex')
  const salted = await saltPassword(mechanism, row.password, saltBytes, iterations)
  assert.equal(salted.toString('hex'), row.saltedPassword, 'salted password')
  const credential = credentialOf(mechanism, salted, saltBytes, iterations)
  assert.equal(credential.storedKey.toString('hex'), row.storedKey, 'stored key')
  assert.equal(credential.serverKey.toString('hex'), row.serverKey, 'server key')

  const found = { credential, authorizationId: row.authorizationId ?? username }
  const server = new ScramServer({
    mechanism,
    nonce: row.serverNonce,
    find: (name, isToken) => (name === username && isToken === tokenauth && row.tamper !== 'unknown-user' ? found : undefined),
  })
  const password = row.clientPassword ?? row.password
  const client = new ScramClient({ mechanism, userName: username, password, nonce: row.clientNonce, isToken: tokenauth })
  const [clientFirst, serverFirst, clientFinal, serverFinal] = row.messages.map(({ text }) => text)
  const stages = [
    { at: 'client-first', by: 'server', play: () => server.challenge(clientFirst as string), says: serverFirst },
    { at: 'server-first', by: 'client', play: () => client.respond(serverFirst as string), says: clientFinal },
    { at: 'client-final', by: 'server', play: () => server.verify(clientFinal as string), says: serverFinal },
    { at: 'server-final', by: 'client', play: () => client.finish(serverFinal as string), says: undefined },
  ] as const
  assert.equal(client.start(), clientFirst, 'client-first')
  for (const stage of stages) {
    if (stage.at === at) {
      assert.equal(stage.by, rejectedBy, 'who refuses')
      await assert.rejects(async () => stage.play(), isScramError, `${stage.at} refused`)
      return
    }
    const said = await stage.play()
    // What follows was tampered with on its way, so the record holds another text than was said.
    if (row.tamper === undefined) assert.equal(said, stage.says, `answer to ${stage.at}`)
  }
  assert.equal(result, 'ok', 'nobody refused')
  assert.equal(server.authorizationId, row.authorizationId, 'authorised as')
}
