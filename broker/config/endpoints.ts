/**
 * Where a broker listens and what it tells clients to connect to, from the settings about listeners.
 * Pure: opens nothing. Refuses by name what this version cannot serve, and warns of what anyone could reach.
 */
import type { Address } from '../platform/network.ts'
import { ConfigError } from './config-error.ts'
import { isLoopback, isWildcard, type ListenerAddress, parseHostPort, parseListener } from './listeners.ts'
import type { Settings } from './settings.ts'

export interface Endpoints {
  /** At least one. */
  listeners: ListenerAddress[]
  /** What is said to clients, where it is not where the listener stands; by listener name. */
  advertised: ReadonlyMap<string, Address>
  /** `undefined`: no HTTP. */
  http: Address | undefined
  /** Sentences to be logged at start. */
  warnings: string[]
}

/** Throws ConfigError. */
export function endpointsOf(settings: Settings): Endpoints {
  const listeners = brokerListeners(settings)
  const advertised = advertisedOf(settings, listeners)
  const http = httpOf(settings)
  return { listeners, advertised, http, warnings: warningsFor(listeners, http) }
}

function brokerListeners(settings: Settings): ListenerAddress[] {
  const controllerNames = controllerNamesOf(settings)
  const protocols = protocolsOf(settings)
  const where = settings.whereSet('listeners')
  const found: ListenerAddress[] = []
  for (const text of settings.get('listeners')) {
    const listener = parseListener(text)
    if (!listener) throw new ConfigError('listeners', where, `listeners must be a list of NAME://host:port, not '${text}'`)
    if (controllerNames.has(listener.name)) continue
    const protocol = protocols.get(listener.name)
    if (protocol === undefined) {
      throw new ConfigError(
        'listeners',
        where,
        `listeners has ${listener.name}, which must have a protocol in listener.security.protocol.map`,
      )
    }
    if (protocol !== 'PLAINTEXT') {
      throw new ConfigError(
        'listeners',
        where,
        `listeners has ${listener.name}, which speaks ${protocol}; this version serves PLAINTEXT only`,
      )
    }
    if (found.some(({ name }) => name === listener.name)) {
      throw new ConfigError('listeners', where, `listeners must have each name once, not ${listener.name} twice`)
    }
    if (listener.port !== 0 && found.some(({ port, host }) => port === listener.port && sameFamily(host, listener.host))) {
      throw new ConfigError('listeners', where, `listeners must have each port once, not ${listener.port} twice`)
    }
    found.push(listener)
  }
  if (found.length === 0)
    throw new ConfigError('listeners', where, 'listeners must have at least one that is not in controller.listener.names')
  return found
}

/** Listeners of Kafka's controller quorum, which Stele does not have. */
function controllerNamesOf(settings: Settings): Set<string> {
  return new Set(settings.get('controller.listener.names').map((name) => name.toUpperCase()))
}

/** One port may serve an IPv4 and an IPv6 address. */
function sameFamily(left: string, right: string): boolean {
  return left.includes(':') === right.includes(':')
}

function protocolsOf(settings: Settings): Map<string, string> {
  const entries = settings.get('listener.security.protocol.map').split(',')
  const protocols = new Map<string, string>()
  for (const entry of entries) {
    const [name, protocol, ...rest] = entry.split(':').map((part) => part.trim().toUpperCase())
    if (name === undefined || protocol === undefined || name === '' || rest.length > 0) {
      throw new ConfigError(
        'listener.security.protocol.map',
        settings.whereSet('listener.security.protocol.map'),
        `listener.security.protocol.map must be a list of NAME:PROTOCOL, not '${entry}'`,
      )
    }
    protocols.set(name, protocol)
  }
  return protocols
}

function advertisedOf(settings: Settings, listeners: readonly ListenerAddress[]): Map<string, Address> {
  const where = settings.whereSet('advertised.listeners')
  const controllerNames = controllerNamesOf(settings)
  const found = new Map<string, Address>()
  for (const text of settings.get('advertised.listeners')) {
    const listener = parseListener(text)
    if (!listener)
      throw new ConfigError('advertised.listeners', where, `advertised.listeners must be a list of NAME://host:port, not '${text}'`)
    const { name, host, port } = listener
    if (controllerNames.has(name)) continue
    if (isWildcard(host))
      throw new ConfigError('advertised.listeners', where, `advertised.listeners must name a host that clients can reach, not '${text}'`)
    if (!listeners.some((one) => one.name === name)) {
      throw new ConfigError('advertised.listeners', where, `advertised.listeners has ${name}, which must be among listeners too`)
    }
    found.set(name, { host, port })
  }
  return found
}

function httpOf(settings: Settings): Address | undefined {
  return parseHostPort(settings.get('stele.http.listener'))
}

function warningsFor(listeners: readonly ListenerAddress[], http: Address | undefined): string[] {
  const open = listeners.filter(({ host }) => !isLoopback(host))
  const warnings = open.map(
    ({ name, host, port }) =>
      `ANYONE who can reach this machine can read, write and delete everything: listener ${name} is open on ` +
      `${isWildcard(host) ? 'every address' : host}, port ${port}, without authentication. Listen on 127.0.0.1, or keep the port behind a firewall`,
  )
  if (http && !isLoopback(http.host))
    warnings.push(
      `metrics and health are served to anyone who can reach ${isWildcard(http.host) ? 'any address of this machine' : http.host}, port ${http.port}`,
    )
  return warnings
}
