/**
 * How commands are let into a cluster: a properties file, which $STELE_CLIENT_CONFIG names, in the words of Kafka's own tools and of librdkafka, so
 * that a file people have will do. Passwords stand in a file that others need not read, never on a command line, which everybody can.
 */
import { readFileSync } from 'node:fs'
import type { SaslOptions, SteleOptions, TlsOptions } from '../../client/index.ts'
import { parseProperties } from '../config/properties.ts'
import { UsageError } from './exit.ts'
import { nearest } from './nearest.ts'

export const clientConfigVariable = 'STELE_CLIENT_CONFIG'

export type ClientConfig = Partial<Pick<SteleOptions, 'bootstrap' | 'clientId' | 'rack' | 'tls' | 'sasl'>>

const known = [
  'bootstrap.servers',
  'client.id',
  'client.rack',
  'security.protocol',
  'sasl.mechanism',
  'sasl.username',
  'sasl.password',
  'sasl.jaas.config',
  'ssl.ca.location',
  'ssl.certificate.location',
  'ssl.key.location',
  'ssl.key.password',
  'enable.ssl.certificate.verification',
] as const
type Name = (typeof known)[number]
type Given = Partial<Record<Name, string>>

const aliases: Readonly<Record<string, Name>> = { 'metadata.broker.list': 'bootstrap.servers', 'sasl.mechanisms': 'sasl.mechanism' }
const protocols = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL']
const mechanisms = { PLAIN: 'plain', 'SCRAM-SHA-256': 'scram-sha-256', 'SCRAM-SHA-512': 'scram-sha-512' } as const

/** Throws UsageError: with the file, and what in it is wrong. */
export function readClientConfig(path: string): ClientConfig {
  const wrong = (why: string) => new UsageError(`$${clientConfigVariable}: ${path}${why}`)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw wrong(` cannot be read: ${(error as NodeJS.ErrnoException).code}`)
  }
  return clientConfig(given(text, wrong), wrong)
}

type Wrong = (why: string) => UsageError

function given(text: string, wrong: Wrong): Given {
  const found: Given = {}
  for (const { name, value, line } of parseProperties(text)) {
    const called = aliases[name] ?? known.find((one) => one === name)
    if (called === undefined) {
      const near = nearest(name, known)
      throw wrong(`:${line}: ${name} is not known${near === undefined ? `; there are ${known.join(', ')}` : `; did you mean ${near}?`}`)
    }
    found[called] = value
  }
  return found
}

function clientConfig(settings: Given, wrong: Wrong): ClientConfig {
  const protocol = (settings['security.protocol'] ?? 'PLAINTEXT').toUpperCase()
  if (!protocols.includes(protocol)) throw wrong(`: security.protocol must be one of ${protocols.join(', ')}, not '${protocol}'`)
  const { 'bootstrap.servers': bootstrap, 'client.id': clientId, 'client.rack': rack } = settings
  return {
    ...(bootstrap !== undefined && { bootstrap }),
    ...(clientId !== undefined && { clientId }),
    ...(rack !== undefined && { rack }),
    ...(protocol.endsWith('SSL') && { tls: tlsOf(settings, wrong) }),
    ...(protocol.startsWith('SASL') && { sasl: saslOf(settings, wrong) }),
  }
}

function tlsOf(settings: Given, wrong: Wrong): TlsOptions {
  const file = (name: Name) => {
    const path = settings[name]
    try {
      return path === undefined ? undefined : readFileSync(path)
    } catch (error) {
      throw wrong(`: ${name}: ${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`)
    }
  }
  const [ca, cert, key] = [file('ssl.ca.location'), file('ssl.certificate.location'), file('ssl.key.location')]
  const passphrase = settings['ssl.key.password']
  return {
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(passphrase !== undefined && { passphrase }),
    ...(settings['enable.ssl.certificate.verification'] === 'false' && { rejectUnauthorized: false }),
  }
}

function saslOf(settings: Given, wrong: Wrong): SaslOptions {
  const named = settings['sasl.mechanism'] ?? 'PLAIN'
  if (!Object.hasOwn(mechanisms, named))
    throw wrong(`: sasl.mechanism must be one of ${Object.keys(mechanisms).join(', ')}, not '${named}'`)
  const jaas = (name: string) => new RegExp(`\\b${name}="((?:[^"\\\\]|\\\\.)*)"`).exec(settings['sasl.jaas.config'] ?? '')?.[1]
  const username = settings['sasl.username'] ?? jaas('username')
  const password = settings['sasl.password'] ?? jaas('password')
  if (username === undefined || password === undefined) throw wrong(`: ${named} needs sasl.username and sasl.password`)
  return { mechanism: mechanisms[named as keyof typeof mechanisms], username, password }
}
