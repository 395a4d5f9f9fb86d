/** $STELE_CLIENT_CONFIG: how commands are let into a cluster that does not let everybody in. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { readClientConfig } from '../../../broker/cli/client-config.ts'
import { BrokerInProcess } from '../../support/broker-in-process.ts'
import { Authority } from '../../support/certificates.ts'
import { FaultProxy } from '../../support/fault-proxy.ts'
import { noStele as skip, runStele } from '../../support/stele-command.ts'

const home = mkdtempSync(join(tmpdir(), 'stele-client-config-'))
t.teardown(() => rmSync(home, { recursive: true, force: true }))
const path = join(home, 'client.properties')

function config(...lines: string[]) {
  writeFileSync(path, lines.join('\n'))
  return readClientConfig(path)
}

t.test('what Kafka’s tools and librdkafka understand is understood', async (t) => {
  t.same(config('bootstrap.servers=a:1,b:2', 'client.id=me', 'client.rack=r'), { bootstrap: 'a:1,b:2', clientId: 'me', rack: 'r' })
  const plain = { mechanism: 'plain', username: 'ada', password: 'x=y' }
  t.same(config('security.protocol=sasl_plaintext', 'sasl.mechanisms=PLAIN', 'sasl.username=ada', 'sasl.password=x=y'), { sasl: plain })
  const jaas = 'org.apache.kafka.common.security.scram.ScramLoginModule required username="ada" password="x=y";'
  t.same(config('security.protocol=SASL_SSL', 'sasl.mechanism=SCRAM-SHA-512', `sasl.jaas.config=${jaas}`), {
    tls: {},
    sasl: { ...plain, mechanism: 'scram-sha-512' },
  })
  writeFileSync(join(home, 'ca.pem'), 'pem')
  const tls = config('security.protocol=SSL', `ssl.ca.location=${join(home, 'ca.pem')}`, 'enable.ssl.certificate.verification=false').tls
  t.same(tls, { ca: Buffer.from('pem'), rejectUnauthorized: false })
})

t.test('what is wrong in it is told, with where', async (t) => {
  const wrong = (message: RegExp, ...lines: string[]) => t.throws(() => config(...lines), { name: 'UsageError', message })
  wrong(/client\.properties:2: sasl\.pasword is not known; did you mean sasl\.password\?$/, 'client.id=x', 'sasl.pasword=y')
  wrong(/: security\.protocol must be one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL, not 'TLS'$/, 'security.protocol=TLS')
  wrong(/: PLAIN needs sasl\.username and sasl\.password$/, 'security.protocol=SASL_SSL')
  wrong(/: sasl\.mechanism must be one of PLAIN, .*, not 'GSSAPI'$/, 'security.protocol=SASL_SSL', 'sasl.mechanism=GSSAPI')
  wrong(/: ssl\.ca\.location: \/nowhere cannot be read: ENOENT$/, 'security.protocol=SSL', 'ssl.ca.location=/nowhere')
})

t.test('a command talks TLS with it, and says so where the file is not there', { skip }, async (t) => {
  const authority = new Authority(join(home, 'authority'))
  const front = await FaultProxy.start({ tls: authority.issue('server', 'IP:127.0.0.1'), carries: 'bytes' })
  const broker = await BrokerInProcess.start({ 'advertised.listeners': [`PLAINTEXT://127.0.0.1:${front.port}`] })
  front.target = broker.port
  t.teardown(async () => {
    front.close()
    await broker.close()
    delete process.env['STELE_CLIENT_CONFIG']
  })
  writeFileSync(join(home, 'ca.pem'), authority.certificate)
  writeFileSync(path, `security.protocol=SSL\nssl.ca.location=${join(home, 'ca.pem')}\n`)
  process.env['STELE_CLIENT_CONFIG'] = path
  const world = { cwd: home, bootstrap: `127.0.0.1:${front.port}` }
  t.same(await runStele(world, '', 'topics', 'list'), { code: 0, out: 'TOPIC\tPARTITIONS\tREPLICAS\n', err: '' })
  process.env['STELE_CLIENT_CONFIG'] = join(home, 'nowhere')
  t.match(await runStele(world, '', 'topics', 'list'), {
    code: 2,
    err: /^stele: \$STELE_CLIENT_CONFIG: \S+nowhere cannot be read: ENOENT\n/,
  })
})
