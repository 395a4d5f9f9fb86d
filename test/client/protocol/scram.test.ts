import { fileURLToPath } from 'node:url'
import t from 'tap'
import {
  credentialOf,
  ScramClient,
  type ScramMechanism,
  ScramServer,
  saltPassword,
  scramMechanisms,
} from '../../../client/protocol/scram.ts'
import { ScramError } from '../../../client/protocol/scram-message.ts'
import { checkFile } from '../../golden/vectors.ts'

const salt = Buffer.from('a salt of some length')

async function sides(mechanism: ScramMechanism, serverPassword: string, clientPassword: string, iterations = 4096) {
  const credential = credentialOf(mechanism, await saltPassword(mechanism, serverPassword, salt, iterations), salt, iterations)
  const find = (userName: string) => (userName === 'al=ice,' ? { credential, authorizationId: userName } : undefined)
  const server = new ScramServer({ mechanism, nonce: 'server-nonce', find })
  const client = new ScramClient({ mechanism, userName: 'al=ice,', password: clientPassword, nonce: 'client-nonce' })
  return { server, client }
}

t.test('exchanges and messages go as the reference has them go', async (t) => {
  const verdict = await checkFile(fileURLToPath(new URL('../../golden/scram.jsonl.gz', import.meta.url)))
  t.same(verdict?.failures, [])
  t.ok((verdict?.passed ?? 0) > 100, 'there were lines to check')
})

t.test('the example of RFC 7677 comes out as printed there', async (t) => {
  const mechanism = 'SCRAM-SHA-256'
  const client = new ScramClient({ mechanism, userName: 'user', password: 'pencil', nonce: 'rOprNGfwEbeRWgbNEkqO' })
  t.equal(client.start(), 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO')
  const serverFirst = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'
  t.equal(
    await client.respond(serverFirst),
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  )
  client.finish('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')
})

t.test('the two sides meet, by either mechanism and with any name', async (t) => {
  for (const mechanism of Object.keys(scramMechanisms) as ScramMechanism[]) {
    const { server, client } = await sides(mechanism, 'pässword', 'pässword')
    t.throws(() => server.authorizationId, 'nobody yet')
    client.finish(server.verify(await client.respond(server.challenge(client.start()))))
    t.ok(server.isComplete)
    t.equal(server.authorizationId, 'al=ice,')
  }
})

t.test('a wrong password, an unknown user and a replay get nowhere', async (t) => {
  const wrong = await sides('SCRAM-SHA-256', 'right', 'wrong')
  const proof = await wrong.client.respond(wrong.server.challenge(wrong.client.start()))
  t.throws(() => wrong.server.verify(proof), ScramError)
  t.notOk(wrong.server.isComplete)
  t.throws(() => wrong.server.verify(proof), /once/, 'a side that threw is spent')

  const unknown = await sides('SCRAM-SHA-256', 'right', 'right')
  t.throws(() => unknown.server.challenge('n,,n=bob,r=abc'), ScramError)

  const first = await sides('SCRAM-SHA-256', 'right', 'right')
  const recorded = await first.client.respond(first.server.challenge(first.client.start()))
  const second = new ScramServer({
    mechanism: 'SCRAM-SHA-256',
    nonce: 'another-nonce',
    find: () => ({ credential: credentialOf('SCRAM-SHA-256', Buffer.alloc(32), salt, 4096), authorizationId: 'x' }),
  })
  second.challenge(first.client.start())
  t.throws(() => second.verify(recorded), ScramError, 'the nonce is another')
})

t.test('a client neither saves itself work nor lets a server load it with work without end', async (t) => {
  for (const iterations of [4095, 2_000_000_000]) {
    const { client } = await sides('SCRAM-SHA-256', 'p', 'p')
    await t.rejects(client.respond(`r=client-nonceX,s=c2FsdA==,i=${iterations}`), ScramError)
  }
  const weak = await sides('SCRAM-SHA-256', 'p', 'p', 1000)
  t.throws(() => weak.server.challenge(weak.client.start()), ScramError, 'a weak credential is not used')
  t.throws(() => weak.server.challenge(`n,,n=${'a'.repeat(100_000)},r=x`), ScramError, 'messages have a bound')
})
