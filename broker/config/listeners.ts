/**
 * Listeners as settings write them, `NAME://host:port`, read into addresses.
 * Pure: knows what is well formed and what this version can serve, opens nothing.
 */
import type { Address } from '../platform/network.ts'

export interface ListenerAddress extends Address {
  /** Kafka's listener name, in capitals. */
  name: string
}

const listenerPattern = /^([A-Za-z0-9_.-]+):\/\/(?:\[([0-9a-fA-F:.%\w]*)\]|([^\s:/[\]]*)):(-?\d{1,6})$/
const hostPortPattern = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^\s:/[\]]*)):(\d{1,6})$/

/** `undefined` where the text is no listener. An empty host stands for every address. */
export function parseListener(text: string): ListenerAddress | undefined {
  const match = listenerPattern.exec(text.trim())
  if (!match) return undefined
  const [, name = '', ipv6, host, port] = match
  const address = { name: name.toUpperCase(), host: ipv6 ?? host ?? '', port: Number(port) }
  return address.port < 0 || address.port > 65_535 ? undefined : address
}

/** `host:port` as flags write it; `undefined` where it is none. */
export function parseHostPort(text: string): Address | undefined {
  const match = hostPortPattern.exec(text.trim())
  if (!match) return undefined
  const port = Number(match[3])
  return port > 65_535 ? undefined : { host: match[1] ?? match[2] ?? '', port }
}

export function formatHostPort({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Says what is wrong with the HTTP listener, if anything. */
export function httpAddressFault(text: string): string | undefined {
  return text === 'off' || parseHostPort(text) ? undefined : `'${text}' is neither host:port nor off`
}

/** Only this machine can reach it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host) || host.toLowerCase().startsWith('::ffff:127.')
}

/** It stands for every address of the machine. */
export function isWildcard(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::'
}
