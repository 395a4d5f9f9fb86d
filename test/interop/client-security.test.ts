/** The client is let in by Apache Kafka over TLS and by each mechanism of SASL, and says what is wrong where it is not. */
import t, { type Test } from 'tap'
import { ClientError, orThrow, type SaslOptions, Stele, type SteleOptions } from '../../client/index.ts'
import { full, missing } from './cache.ts'
import { secureKafka } from './secure-kafka.ts'
import { until } from './until.ts'

const skip = full ? missing('kafka', 'java') : 'make interop runs it'

/** Signed by nobody, as Kafka takes it where no other validator is named. */
function unsecuredToken(subject: string, lifetimeSeconds: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = Date.now() / 1000
  return `${part({ alg: 'none' })}.${part({ sub: subject, iat: now, exp: now + lifetimeSeconds })}.`
}

async function refusal(t: Test, options: SteleOptions): Promise<ClientError> {
  await using stele = new Stele({ requestTimeoutMs: 10_000, ...options })
  const error = await stele.topics.list().then(
    () => undefined,
    (reason: unknown) => reason,
  )
  t.type(error, ClientError)
  return error as ClientError
}

/** Sends, and reads as a member of a group, until each connection's session has been renewed twice; none may be lost. */
async function worksOn(t: Test, name: string, options: SteleOptions): Promise<void> {
  const authentications = { count: 0, opened: 0, lost: 0 }
  const metrics: NonNullable<SteleOptions['metrics']> = {
    connection: (_, event) => {
      if (event === 'opened') authentications.opened++
      else authentications.lost++
    },
    request: (api, _broker, _latency, error) => {
      if (api === 'SaslHandshake' && error === undefined) authentications.count++
    },
  }
  await using stele = new Stele({ ...options, metrics })
  const topic = `renewed-${name.toLowerCase()}`
  await stele.topics.create([{ name: topic, partitions: 1 }])
  const consumer = stele.consumer({ topics: [topic], group: topic, from: 'beginning', protocol: 'consumer' })
  const producer = stele.producer()
  let sent = 0
  let isOver = false
  const sending = (async () => {
    for (; !isOver; sent++) await producer.send(topic, { value: Buffer.from(`${sent}`) })
  })()
  let next = 0
  for await (const { value } of consumer) {
    if (String(value) !== `${next++}`) t.fail(`${name}: ${String(value)} where ${next - 1} was expected`)
    isOver ||= authentications.count >= 3 * authentications.opened
    if (isOver && next === sent) break
    if (isOver) await sending
    if (isOver && next === sent) break
  }
  t.equal(next, sent, `${name}: all that was sent came`)
  t.equal(authentications.lost, 0, `${name}: no connection was lost`)
  t.ok(authentications.opened >= 3, `${name}: ${authentications.opened} connections, ${authentications.count} authentications`)
  await consumer.close()
}

t.test('listeners of Apache Kafka with TLS and SASL', { skip, timeout: 120_000 }, async (t) => {
  const { authority, client, plaintext, ssl, saslSsl } = await secureKafka(t, { reauthenticationMs: 3000 })
  const tls = { ca: authority }
  const alice = { mechanism: 'plain', username: 'alice', password: 'alice-secret' } as const
  await using admin = new Stele({ bootstrap: plaintext })
  const set = [
    { user: 'carol', mechanism: 'scram-sha-256', password: 'carol,=pass' },
    { user: 'dave', mechanism: 'scram-sha-512', password: 'dävé', iterations: 8192 },
  ] as const
  orThrow(await admin.admin.scramCredentials.alter({ set }))

  const ways: [string, SaslOptions][] = [
    ['PLAIN', alice],
    ['SCRAM-SHA-256', { mechanism: 'scram-sha-256', username: 'carol', password: 'carol,=pass' }],
    ['SCRAM-SHA-512', { mechanism: 'scram-sha-512', username: 'dave', password: 'dävé' }],
    ['OAUTHBEARER', { mechanism: 'oauthbearer', token: () => unsecuredToken('alice', 60) }],
    [
      'OAUTHBEARER, extended',
      { mechanism: 'oauthbearer', token: async () => ({ value: unsecuredToken('alice', 60), extensions: { traceId: '7' } }) },
    ],
  ]
  for (const [name, sasl] of ways) {
    t.test(`by ${name} records are sent and read`, async (t) => {
      await using stele = new Stele({ bootstrap: saslSsl, tls, sasl })
      const topic = `by-${name.toLowerCase().replace(/\W+/g, '-')}`
      await stele.topics.create([{ name: topic, partitions: 1 }])
      await stele.producer().send(topic, { value: Buffer.from(name) })
      const values: string[] = []
      for await (const records of stele.reader().batches(topic, { from: 'beginning', untilEnd: true }))
        values.push(...records.map(({ value }) => String(value)))
      t.same(values, [name])
    })
  }

  t.test('with a certificate of its own', async (t) => {
    await using stele = new Stele({ bootstrap: ssl, tls: { ...tls, ...client } })
    t.ok((await stele.topics.list()).length > 0)
  })

  t.test('with a delegation token', async (t) => {
    await using owner = new Stele({ bootstrap: saslSsl, tls, sasl: alice })
    const { tokenId, hmac } = await owner.admin.delegationTokens.create({ lifetimeMs: 60_000 })
    await until(
      'the token',
      () => owner.admin.delegationTokens.describe(),
      (tokens) => tokens.some((token) => token.tokenId === tokenId),
    )
    const password = Buffer.from(hmac).toString('base64')
    const sasl = { mechanism: 'scram-sha-256', username: tokenId, password, isDelegationToken: true } as const
    await using stele = new Stele({ bootstrap: saslSsl, tls, sasl, requestTimeoutMs: 10_000 })
    t.ok((await stele.topics.list()).length > 0)
  })

  t.test('a session is renewed on its connection before it ends', async (t) => {
    let authentications = 0
    let opened = 0
    const { promise: renewedTwice, resolve } = Promise.withResolvers<void>()
    const metrics: NonNullable<SteleOptions['metrics']> = {
      connection: (_, event) => void (event === 'opened' && opened++),
      request: (api, _broker, _latency, error) => {
        if (api === 'SaslAuthenticate' && error === undefined && ++authentications === 3) resolve()
      },
    }
    await using stele = new Stele({ bootstrap: saslSsl, tls, sasl: alice, metrics })
    let isOver = false
    const asking = (async () => {
      let answers = 0
      while (!isOver) {
        await stele.admin.cluster.describe()
        answers++
      }
      return answers
    })()
    await renewedTwice
    isOver = true
    t.ok((await asking) > 3)
    t.equal(opened, 1, 'the broker would have ended it')
  })

  t.test('producers and members of groups work on while the sessions of all their connections are renewed', async (t) => {
    let issued = 0
    const shortLived: SaslOptions = { mechanism: 'oauthbearer', token: () => unsecuredToken('alice', 3 + (issued++ % 2)) }
    const renewing = ways
      .filter(([name]) => name !== 'OAUTHBEARER, extended')
      .map(([name, sasl]) => [name, name === 'OAUTHBEARER' ? shortLived : sasl] as const)
    await Promise.all(renewing.map(([name, sasl]) => worksOn(t, name, { bootstrap: saslSsl, tls, sasl })))
    t.ok(issued > 6, 'a fresh token each time')
  })

  t.test('who is not let in again, hears of it, and is let in once it can be', async (t) => {
    let isOut = false
    const token = () => (isOut ? unsecuredToken('alice', -60) : unsecuredToken('alice', 60))
    const { promise: closed, resolve } = Promise.withResolvers<void>()
    const metrics: NonNullable<SteleOptions['metrics']> = { connection: (_, event) => void (event === 'closed' && resolve()) }
    await using stele = new Stele({ bootstrap: saslSsl, tls, sasl: { mechanism: 'oauthbearer', token }, metrics })
    await stele.topics.list()
    isOut = true
    await closed
    await t.rejects(stele.topics.list(), { code: 'SASL_AUTHENTICATION_FAILED', message: /OAUTHBEARER/ })
    isOut = false
    t.ok((await stele.topics.list()).length > 0)
  })

  t.test('what is wrong is told', async (t) => {
    const expect = async (options: SteleOptions, code: string, words: RegExp) => {
      const error = await refusal(t, options)
      t.equal(error.code, code, error.message)
      t.match(error.message, words)
    }
    await expect({ bootstrap: saslSsl, tls, sasl: { ...alice, password: 'wrong-secret' } }, 'SASL_AUTHENTICATION_FAILED', /PLAIN/)
    await expect(
      { bootstrap: saslSsl, tls, sasl: { mechanism: 'scram-sha-256', username: 'carol', password: 'wrong' } },
      'SASL_AUTHENTICATION_FAILED',
      /SCRAM-SHA-256/,
    )
    await expect(
      { bootstrap: saslSsl, tls, sasl: { mechanism: 'oauthbearer', token: () => unsecuredToken('alice', -60) } },
      'SASL_AUTHENTICATION_FAILED',
      /OAUTHBEARER/,
    )
    const noToken = () => Promise.reject(new Error('the issuer is down'))
    await expect({ bootstrap: saslSsl, tls, sasl: { mechanism: 'oauthbearer', token: noToken } }, 'SASL_AUTHENTICATION_FAILED', /no token/)
    await expect({ bootstrap: plaintext, sasl: alice }, 'ILLEGAL_SASL_STATE', /PLAIN/)
    await expect({ bootstrap: saslSsl, sasl: alice, requestTimeoutMs: 2000 }, 'MALFORMED_RESPONSE', /TLS/)
    await expect({ bootstrap: saslSsl, tls, requestTimeoutMs: 2000 }, 'CONNECTION_LOST', /SASL/)
    await expect({ bootstrap: saslSsl, tls: true, sasl: alice }, 'TLS_FAILED', /tls\.ca/)
    await expect({ bootstrap: saslSsl, tls: { ...tls, servername: 'other.example' }, sasl: alice }, 'TLS_FAILED', /servername/)
    await expect({ bootstrap: ssl, tls }, 'TLS_FAILED', /certificate/)
    await expect({ bootstrap: plaintext, tls, requestTimeoutMs: 2000 }, 'CONNECTION_FAILED', /TLS/)
    const error = await refusal(t, { bootstrap: saslSsl, tls, sasl: { ...alice, password: 'wrong-secret' } })
    t.notMatch(JSON.stringify([error.message, error.stack]), /wrong-secret/)
    await using named = new Stele({ bootstrap: saslSsl, tls: { ...tls, servername: 'broker.example' }, sasl: alice })
    t.ok((await named.topics.list()).length > 0)
  })
})
