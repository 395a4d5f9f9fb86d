/** What is there where no Kafka broker is, told by its first words or by how the connection failed. Words for a human, and nothing else. */
import { ClientError } from './client-error.ts'

const tlsAlert = 0x15
const tlsHandshake = 0x16
const excerptLength = 40

/** @param first the first bytes that a peer answered, which are no answer. */
export function notKafka(first: Buffer, isSecure: boolean): string {
  const text = first.toString('latin1')
  if (text.startsWith('HTTP/')) return "it speaks HTTP. Kafka's own port is another one (9092 by default)"
  if ((first[0] === tlsAlert || first[0] === tlsHandshake) && first[1] === 3 && !isSecure)
    return 'it speaks TLS: give the client `tls: true`'
  if (text.startsWith('SSH-')) return 'it speaks SSH'
  const printable = /^[\x20-\x7e\r\n\t]+/.exec(text)?.[0].trim().slice(0, excerptLength) ?? ''
  return printable.length > 3 ? `it says '${printable}'` : `it begins with the bytes ${first.subarray(0, 8).toString('hex')}`
}

/** By the system's code: those of certificates are OpenSSL's names. */
const certificateCodes =
  /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS_CERT|ERR_SSL|ERR_OSSL|EPROTO|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH|INVALID_PURPOSE)/

/** Why nothing could be dialled. */
export function dialFailure(broker: string, cause: unknown, isSecure: boolean): ClientError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const why = reasonOf(cause)
  if (isSecure && certificateCodes.test(code))
    return new ClientError('TLS_FAILED', `no TLS with ${broker}: ${tlsReason(code, why)}`, { broker, cause })
  return new ClientError('CONNECTION_FAILED', `cannot connect to ${broker}: ${why}${dialHint(code, isSecure)}`, {
    retriable: true,
    broker,
    cause,
  })
}

function dialHint(code: string, isSecure: boolean): string {
  if (isSecure && code === 'ECONNRESET') return ' (is it a listener with TLS?)'
  if (code === 'ECONNREFUSED') return ' (nobody listens there: is the broker up, and is that its port?)'
  if (code === 'ENOTFOUND') return ' (there is no such name: is it spelled right?)'
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return ' (there is no way there from this machine)'
  return ''
}

/** An address that nobody typed: a client believes what brokers say of themselves. */
export function unreachableMember(failure: ClientError): ClientError {
  const { code, message, retriable, broker } = failure
  const why = `${message}. The cluster gave this address (the broker's \`advertised.listeners\`): can it be reached from here?`
  return new ClientError(code, why, { retriable, ...(broker !== undefined && { broker }), cause: failure.cause })
}

function tlsReason(code: string, why: string): string {
  if (/wrong version number|packet length too long/i.test(why))
    return 'it does not speak TLS. Leave `tls` out, or give the port of a listener with TLS'
  if (/SELF_SIGNED|UNABLE_TO_/.test(code))
    return `its certificate is from nobody that is trusted (${why}): give the authority's certificate as \`tls.ca\``
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `its certificate is for another name (${why}): give that name as \`tls.servername\``
  return why
}

/** Where a name has several addresses, Node's error has no message, and holds one for each. */
function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join(', ')
  return cause instanceof Error ? cause.message : String(cause)
}
