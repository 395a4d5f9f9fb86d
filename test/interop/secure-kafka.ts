/**
 * Apache Kafka with every kind of listener that a client may meet, with ACLs, SCRAM and delegation tokens.
 * Owns: the process, its directory, its certificates. alice and bob are let in by PLAIN; who comes without a name may do everything.
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import type { Test } from 'tap'
import { Authority, type Identity } from '../support/certificates.ts'
import { freePort, KafkaProcess } from '../support/kafka.ts'
import { temporaryDirectory } from './target.ts'

const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="alice-secret" user_bob="bob-secret";'
const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;'
const oauth = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";'

export interface SecureKafka {
  readonly kafka: KafkaProcess
  readonly authority: string
  readonly client: Identity
  readonly plaintext: string
  /** Asks the client for a certificate. */
  readonly ssl: string
  readonly saslSsl: string
}

/** @param reauthenticationMs how long a session by SASL lasts. */
export async function secureKafka(t: Test, { reauthenticationMs = 0 } = {}): Promise<SecureKafka> {
  const home = temporaryDirectory()
  const authority = new Authority(path.join(home, 'certificates'))
  const server = authority.issue('server', 'IP:127.0.0.1,DNS:broker.example')
  const keystore = path.join(home, 'server.pem')
  const truststore = path.join(home, 'trusted.pem')
  fs.writeFileSync(keystore, server.key + server.cert)
  fs.writeFileSync(truststore, authority.certificate)
  const [plaintext, ssl, saslSsl, controller] = await Promise.all([freePort(), freePort(), freePort(), freePort()])
  const listeners = `PLAINTEXT://127.0.0.1:${plaintext},SSL://127.0.0.1:${ssl},SASL_SSL://127.0.0.1:${saslSsl}`
  const kafka = await KafkaProcess.start(
    path.join(home, 'data'),
    {
      listeners: `${listeners},CONTROLLER://127.0.0.1:${controller}`,
      'advertised.listeners': listeners,
      'controller.quorum.voters': `1@127.0.0.1:${controller}`,
      'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL',
      // Two, so that replicas can move between them.
      'log.dirs': ['data', 'data-2'].map((name) => path.join(home, name)).join(),
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': keystore,
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': truststore,
      'listener.name.ssl.ssl.client.auth': 'required',
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
      'listener.name.sasl_ssl.plain.sasl.jaas.config': plain,
      'listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config': scram,
      'listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config': scram,
      'listener.name.sasl_ssl.oauthbearer.sasl.jaas.config': oauth,
      'connections.max.reauth.ms': String(reauthenticationMs),
      'delegation.token.secret.key': 'a secret of the cluster',
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS;User:alice;User:carol;User:dave;User:CN=client',
    },
    { port: plaintext },
  )
  t.teardown(async () => {
    await kafka.end('SIGKILL')
    fs.rmSync(home, { recursive: true, force: true })
  })
  return {
    kafka,
    authority: authority.certificate,
    client: authority.issue('client', 'DNS:client.example'),
    plaintext: `127.0.0.1:${plaintext}`,
    ssl: `127.0.0.1:${ssl}`,
    saslSsl: `127.0.0.1:${saslSsl}`,
  }
}
