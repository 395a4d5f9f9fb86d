import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import t, { type Test } from 'tap'
import { ClientError, Stele, type SteleOptions, type TlsOptions } from '../../../client/index.ts'
import { BrokerInProcess } from '../../support/broker-in-process.ts'
import { Authority } from '../../support/certificates.ts'
import { FaultProxy } from '../../support/fault-proxy.ts'

function authority(t: Test): Authority {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'stele-tls-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true, force: true }))
  return new Authority(directory)
}

async function outcome(options: SteleOptions): Promise<string> {
  await using stele = new Stele({ requestTimeoutMs: 5000, ...options })
  return await stele.topics.list().then(
    () => 'let in',
    (error: unknown) => (error instanceof ClientError ? error.code : String(error)),
  )
}

t.test('over TLS, with and without a certificate of the client', async (t) => {
  const trusted = authority(t)
  const other = authority(t)
  const server = trusted.issue('server', 'IP:127.0.0.1,DNS:localhost')
  const client = trusted.issue('client', 'DNS:client')
  const stranger = other.issue('stranger', 'DNS:stranger')
  const open = await FaultProxy.start({ tls: server, carries: 'bytes' })
  const mutual = await FaultProxy.start({
    tls: { ...server, requestCert: true, rejectUnauthorized: true, ca: trusted.certificate },
    carries: 'bytes',
  })
  const broker = await BrokerInProcess.start({ 'advertised.listeners': [`PLAINTEXT://127.0.0.1:${open.port}`] })
  open.target = mutual.target = broker.port
  t.teardown(async () => {
    open.close()
    mutual.close()
    await broker.close()
  })
  const ca = trusted.certificate
  const at = (front: FaultProxy, tls: TlsOptions | true, host = '127.0.0.1') => outcome({ bootstrap: `${host}:${front.port}`, tls })

  await using stele = new Stele({ bootstrap: `127.0.0.1:${open.port}`, tls: { ca } })
  await stele.topics.create([{ name: 't', partitions: 1 }])
  t.same(await stele.producer().send('t', { value: Buffer.alloc(300_000, 7) }), { partition: 0, offset: 0 })
  let bytes = 0
  for await (const records of stele.reader().batches('t', { from: 'beginning', untilEnd: true }))
    for (const { value } of records) bytes += value?.length ?? 0
  t.equal(bytes, 300_000)

  t.equal(await at(open, { ca: [other.certificate, Buffer.from(ca)] }), 'let in', 'one of several authorities, as bytes')
  t.equal(await at(open, { ca }, 'localhost'), 'let in', 'by name')
  t.equal(await at(open, { ca, servername: 'elsewhere.example' }), 'TLS_FAILED')
  t.equal(await at(open, true), 'TLS_FAILED', 'nobody trusts that authority')
  t.equal(await at(open, { ca: other.certificate }), 'TLS_FAILED')
  t.equal(await at(open, { rejectUnauthorized: false }), 'let in', 'whoever asks for it is not protected')
  t.equal(await at(mutual, { ca, ...client }), 'let in')
  t.equal(await at(mutual, { ca }), 'TLS_FAILED')
  t.match(await at(mutual, { ca, ...stranger }), /TLS_FAILED|CONNECTION_LOST/, 'some servers say why, some just leave')
  t.equal(await outcome({ bootstrap: `127.0.0.1:${open.port}`, requestTimeoutMs: 300 }), 'CONNECTION_LOST', 'without TLS')
  t.match(await outcome({ bootstrap: `127.0.0.1:${broker.port}`, tls: { ca }, requestTimeoutMs: 300 }), /CONNECTION_FAILED|TLS_FAILED/)
})
