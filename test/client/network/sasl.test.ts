import t from 'tap'
import { ClientError } from '../../../client/network/client-error.ts'
import { authenticate, type SaslExchange, type SaslOptions } from '../../../client/network/sasl.ts'
import { nodeClientPlatform } from '../../../client/platform/node.ts'

interface Answer {
  readonly errorCode?: number
  readonly errorMessage?: string | null
  readonly mechanisms?: string[]
  readonly authBytes?: Buffer
  readonly sessionLifetimeMs?: number
}

/** A broker's side that is played from a script; what the client says is written down. */
function played(answers: readonly Answer[]): { exchange: SaslExchange; said: string[] } {
  const said: string[] = []
  const left = [...answers]
  const exchange: SaslExchange = async (request, _response, body) => {
    const { mechanism, authBytes } = body as { mechanism?: string; authBytes?: Buffer }
    said.push(request.name === 'SaslHandshakeRequest' ? `mechanism ${mechanism}` : String(authBytes))
    const usual = { errorCode: 0, errorMessage: null, mechanisms: [], authBytes: Buffer.alloc(0), sessionLifetimeMs: 0 }
    return { ...usual, ...left.shift() } as never
  }
  return { exchange, said }
}

/** The client's nonce of RFC 7677. */
const nonce = 'rOprNGfwEbeRWgbNEkqO'
const platform = { ...nodeClientPlatform, randomBytes: () => Buffer.from(nonce, 'base64url') }
const run = (answers: readonly Answer[], sasl: SaslOptions) => {
  const { exchange, said } = played(answers)
  return { said, lifetime: authenticate(exchange, 'broker:9092', sasl, platform) }
}
const errorOf = (lifetime: Promise<number>): Promise<ClientError> =>
  lifetime.then(
    () => Promise.reject(new Error('let in')),
    (error: unknown) => (error instanceof ClientError ? error : Promise.reject(error)),
  )

const user = { mechanism: 'scram-sha-256', username: 'user', password: 'pencil' } as const
const serverFirst = `r=${nonce}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`
const serverFinal = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='

t.test('PLAIN says name and password at once', async (t) => {
  const { said, lifetime } = run([{}, { sessionLifetimeMs: 1234 }], { mechanism: 'plain', username: 'ålice', password: 'pä,ss' })
  t.equal(await lifetime, 1234)
  t.same(said, ['mechanism PLAIN', '\0ålice\0pä,ss'])
})

t.test('SCRAM says what RFC 7677 prints, and makes sure of the broker', async (t) => {
  const { said, lifetime } = run([{}, { authBytes: Buffer.from(serverFirst) }, { authBytes: Buffer.from(serverFinal) }], user)
  t.equal(await lifetime, 0)
  t.same(said, [
    'mechanism SCRAM-SHA-256',
    `n,,n=user,r=${nonce}`,
    `c=biws,r=${nonce}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`,
  ])
  const liar = run([{}, { authBytes: Buffer.from(serverFirst) }, { authBytes: Buffer.from('v=AAAA') }], user)
  t.match(await errorOf(liar.lifetime), { code: 'SASL_AUTHENTICATION_FAILED', message: /cannot prove/ })
  const cheap = run([{}, { authBytes: Buffer.from(serverFirst.replace('4096', '1')) }], user)
  t.equal((await errorOf(cheap.lifetime)).code, 'SASL_AUTHENTICATION_FAILED', 'nor does it save the broker work')
  const token = run([{}, { authBytes: Buffer.from('e=no') }], { ...user, mechanism: 'scram-sha-512', isDelegationToken: true })
  await errorOf(token.lifetime)
  t.same(token.said, ['mechanism SCRAM-SHA-512', `n,,n=user,r=${nonce},tokenauth=true`])
})

t.test('OAUTHBEARER gives a token of now, and hears out why it is not taken', async (t) => {
  let issued = 0
  const oauth: SaslOptions = { mechanism: 'oauthbearer', token: () => ({ value: `token-${++issued}`, extensions: { a: '1', b: '2' } }) }
  const taken = run([{}, { sessionLifetimeMs: 60_000 }], oauth)
  t.equal(await taken.lifetime, 60_000)
  t.same(taken.said, ['mechanism OAUTHBEARER', 'n,,\x01auth=Bearer token-1\x01a=1\x01b=2\x01\x01'])
  const refused = run([{}, { authBytes: Buffer.from('{"status":"invalid_token"}') }, { errorCode: 58, errorMessage: 'expired' }], oauth)
  t.match(await errorOf(refused.lifetime), { code: 'SASL_AUTHENTICATION_FAILED', message: /expired/ })
  t.same(refused.said.slice(1), ['n,,\x01auth=Bearer token-2\x01a=1\x01b=2\x01\x01', '\x01'])
})

t.test('what a broker does not take, it says what it takes instead', async (t) => {
  const { lifetime } = run([{ errorCode: 33, mechanisms: ['PLAIN', 'SCRAM-SHA-512'] }], user)
  t.match(await errorOf(lifetime), { code: 'UNSUPPORTED_SASL_MECHANISM', retriable: false, message: /PLAIN, SCRAM-SHA-512/ })
})

t.test('a listener that asks nobody who they are, and a token that cannot be had, are told as such', async (t) => {
  t.match(await errorOf(run([{ errorCode: 34 }], user).lifetime), { code: 'ILLEGAL_SASL_STATE', message: /Leave `sasl` out/ })
  const sasl: SaslOptions = { mechanism: 'oauthbearer', token: () => Promise.reject(new Error('the issuer is down')) }
  t.match(await errorOf(run([{}], sasl).lifetime), {
    code: 'SASL_AUTHENTICATION_FAILED',
    retriable: true,
    broker: 'broker:9092',
    message: /the issuer is down/,
  })
})

t.test('neither passwords nor tokens come into errors', async (t) => {
  const ways: SaslOptions[] = [
    { mechanism: 'plain', username: 'u', password: 'secret-word' },
    { mechanism: 'scram-sha-256', username: 'u', password: 'secret-word' },
    { mechanism: 'oauthbearer', token: () => 'secret-word' },
  ]
  for (const sasl of ways) {
    const error = await errorOf(run([{}, { errorCode: 58, errorMessage: null }], sasl).lifetime)
    t.notMatch(`${error.stack} ${JSON.stringify(error)}`, /secret-word/)
  }
})
