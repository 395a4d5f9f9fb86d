/** What may become of a request and its answer, by name, with what must come of it. Owns: the list that every operation is put through. */
import type { Edit } from '../edited-answer.ts'
import type { Fault } from '../fault-proxy.ts'

/**
 * `passes`: met once, it is not noticed. `silent`: nothing comes in the time there is. `wrong`: what comes is not Kafka's protocol.
 * `refused`: a broker says so, by a code. `momentary`: by a code that says that it will pass.
 */
export type Leads = 'passes' | 'silent' | 'wrong' | 'refused' | 'momentary'

export interface FaultKind {
  readonly name: string
  readonly leads: Leads
  readonly fault: Fault
  /** Of an answer: what the broker says. */
  readonly code?: number
}

/** The client's TLS hello's first bytes, a web server's answer, and what is nothing. */
const tlsHello = Buffer.from('16030100c8010000c40303', 'hex')
const web = Buffer.from('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
const noise = Buffer.from('8d7a1f00c3e259b41699f0037ad4e8115b', 'hex')

/** Bytes of an answer that come, its size's four included: none, half of the size, all of it, the number too, and some of what it says. */
const offsets = [0, 2, 4, 8, 11]

const cuts: readonly FaultKind[] = [
  { name: 'the connection breaks before the request', leads: 'passes', fault: 'cut before' },
  { name: 'the connection breaks within the request', leads: 'passes', fault: 'cut within the request' },
  { name: 'the connection breaks before the answer', leads: 'passes', fault: 'cut after' },
  ...offsets.map(
    (bytes): FaultKind => ({ name: `the answer is reset after ${bytes} bytes`, leads: 'passes', fault: { bytes, by: 'reset' } }),
  ),
  ...[0, 6].map((bytes): FaultKind => ({ name: `the answer ends after ${bytes} bytes`, leads: 'passes', fault: { bytes, by: 'end' } })),
  { name: 'the answer is half there', leads: 'passes', fault: 'cut within the answer' },
  { name: 'the answer is late', leads: 'passes', fault: { lateMs: 20 } },
]

const silences: readonly FaultKind[] = [
  { name: 'the request is swallowed', leads: 'silent', fault: 'swallowed' },
  { name: 'the answer never comes', leads: 'silent', fault: 'silence' },
  { name: 'the answer comes too late', leads: 'silent', fault: { lateMs: 450 } },
]

const lies: readonly FaultKind[] = [
  { name: 'the answer has another number', leads: 'wrong', fault: 'another number' },
  { name: 'the answer is nonsense', leads: 'wrong', fault: 'nonsense' },
  { name: 'the answer is truncated', leads: 'wrong', fault: 'truncated' },
  { name: 'the answer has a negative size', leads: 'wrong', fault: { size: -5 } },
  { name: 'the answer has a size of two gigabytes', leads: 'wrong', fault: { size: 0x7fff_fff0 } },
  { name: 'a web server answers', leads: 'wrong', fault: { instead: web } },
  { name: 'TLS answers', leads: 'wrong', fault: { instead: tlsHello } },
  { name: 'noise answers', leads: 'wrong', fault: { instead: noise } },
]

/** Nobody is let through, and nobody knows why. */
const refusals = [31, -1]

export function answeredWith(code: number, leads: Leads): FaultKind {
  return { name: `the answer has code ${code}`, leads, fault: { edit: everyErrorCode(code) }, code }
}

/** @param momentary codes that say that it will pass, and that the operation heeds. */
export function metOnce(momentary: readonly number[]): FaultKind[] {
  const codes = [...refusals.map((code) => answeredWith(code, 'refused')), ...momentary.map((code) => answeredWith(code, 'momentary'))]
  return [...cuts, ...silences, ...lies, ...codes]
}

/** The same, again and again: one of each. */
export function metAlways(momentary: readonly number[]): FaultKind[] {
  const some = [
    'the connection breaks before the answer',
    'the answer never comes',
    'the answer is nonsense',
    'the answer ends after 6 bytes',
  ]
  return metOnce(momentary).filter(({ name, code }) => code !== undefined || some.includes(name))
}

/** The code wherever an answer has one. */
function everyErrorCode(code: number): Edit {
  const set = (value: unknown): void => {
    if (Array.isArray(value)) for (const one of value) set(one)
    else if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
      const fields = value as Record<string, unknown>
      for (const [name, field] of Object.entries(fields)) {
        if (/errorCode$/i.test(name)) fields[name] = code
        else set(field)
      }
    }
  }
  return set
}
