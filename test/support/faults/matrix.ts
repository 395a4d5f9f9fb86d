/**
 * Every operation through every fault, many at once: each ends as it must, with an error that can be acted upon, leaves nothing behind, and
 * the client goes on where the fault is over. Owns: what must come of what. Never: knows how anything is done (the tables of operations).
 */
import type { Test } from 'tap'
import { ClientError, Stele } from '../../../client/index.ts'
import { errorOf } from '../../../client/protocol/errors.ts'
import { apiKeyOf } from '../edited-answer.ts'
import { unhandled } from './stage.ts'
import { steadyPause } from './steady-clock.ts'
import { Cell, type Outcome, outcomeOf } from './cell.ts'
import { type FaultKind, type Leads, metAlways, metOnce } from './kinds.ts'

export type Act = () => Promise<unknown>

export interface Operation {
  readonly name: string
  /** The API whose request meets the fault. */
  readonly api: string
  /** Makes ready what is not under the fault, and gives what is. */
  readonly ready: (cell: Cell, setup: Stele) => Act | Promise<Act>
  /** What is done when the fault is over, instead of the same again. */
  readonly afterwards?: (cell: Cell) => Promise<unknown>
  /** Codes that say that it will pass, which are waited out. */
  readonly momentary?: readonly number[]
  /** What none of the others meets. */
  readonly more?: readonly FaultKind[]
  /** How it may end besides: where an earlier attempt was heard, or nobody knows. */
  readonly or?: RegExp
  /** Faults that are got over though others are not. */
  readonly unharmedBy?: (kind: FaultKind, isLasting: boolean) => boolean
}

const patientMs = 4000
const shortMs = 250
const together = 16
const turnsMax = 4
const passing: readonly Leads[] = ['passes', 'momentary']
const connectionCodes = /^(CONNECTION_LOST|CONNECTION_FAILED|REQUEST_TIMED_OUT|DELIVERY_TIMED_OUT)$/
const silenceCodes = /^(REQUEST_TIMED_OUT|DELIVERY_TIMED_OUT)$/

interface Case {
  readonly operation: Operation
  readonly kind: FaultKind
  readonly isLasting: boolean
}

/** @param port of a broker that has topic `t` with records in two partitions, and group `g` that has committed in both (furniture.ts). */
export async function playMatrix(t: Test, port: number, operations: readonly Operation[]): Promise<void> {
  const cases = operations.flatMap((operation) => [
    ...[...metOnce(operation.momentary ?? []), ...(operation.more ?? [])].map((kind): Case => ({ operation, kind, isLasting: false })),
    ...[...metAlways(operation.momentary ?? []), ...(operation.more ?? [])].map((kind): Case => ({ operation, kind, isLasting: true })),
  ])
  await using setup = setupAt(port)
  const complaints: string[] = []
  const left = [...cases.entries()].reverse()
  const work = async () => {
    for (let next = left.pop(); next; next = left.pop()) {
      const [nth, one] = next
      complaints.push(...(await play(one, nth, port, setup)).map((what) => `${nameOf(one)}: ${what}`))
    }
  }
  await Promise.all(Array.from({ length: together }, work))
  t.same(complaints, [], `${cases.length} cells`)
  t.same(unhandled, [], 'no rejection is left unhandled')
}

/** A client that meets no fault. */
export const setupAt = (port: number): Stele => new Stele({ bootstrap: `127.0.0.1:${port}` })

const nameOf = ({ operation, kind, isLasting }: Case): string => `${operation.name}, ${isLasting ? 'always ' : ''}${kind.name}`

/** What is wrong with how it went. On a machine that is busy a brief limit may be over before the fault is met: then it is played again. */
async function play(one: Case, nth: number, port: number, setup: Stele): Promise<string[]> {
  const { operation, kind, isLasting } = one
  const limitMs = kind.leads === 'silent' || (isLasting && passing.includes(kind.leads)) ? shortMs : patientMs
  for (let turn = 1; ; turn++) {
    const cell = await Cell.open(`cell-${operation.api}-${nth}-${turn}`, port, limitMs)
    const { isMet, complaints } = await playIn(cell, one, setup)
    complaints.push(...(await cell.close()))
    if (isMet || turn === turnsMax || limitMs === patientMs) return complaints
  }
}

async function playIn(cell: Cell, { operation, kind, isLasting }: Case, setup: Stele): Promise<{ isMet: boolean; complaints: string[] }> {
  const { proxy } = cell
  let act: Act
  try {
    act = await operation.ready(cell, setup)
  } catch (error) {
    return { isMet: false, complaints: [`it could not be made ready: ${String(error)}`] }
  }
  proxy.once(apiKeyOf(operation.api), kind.fault, isLasting ? Number.POSITIVE_INFINITY : 1)
  const outcome = await outcomeOf(act())
  if (proxy.faults === 0) return { isMet: false, complaints: [`it never met the fault, and ended ${described(outcome)}`] }
  const complaints = errorFaults(outcome)
  if (!mayEnd(outcome.code, operation, kind, isLasting)) complaints.push(`it ended ${described(outcome)}`)
  proxy.plan = () => undefined
  const later = await recovered(() => (operation.afterwards ? operation.afterwards(cell) : act()))
  if (later.code !== 'done' && !operation.or?.test(later.code)) complaints.push(`afterwards it ended ${described(later)}`)
  return { isMet: true, complaints }
}

/** Not always at once: what was under way when the fault ended may still have to end. */
export async function recovered(act: Act): Promise<Outcome> {
  let outcome: Outcome = { code: '' }
  for (let attempt = 0; attempt < 10 && outcome.code !== 'done'; attempt++) {
    await steadyPause(attempt * 20)
    outcome = await outcomeOf(act())
  }
  return outcome
}

function mayEnd(code: string, { or, unharmedBy }: Operation, kind: FaultKind, isLasting: boolean): boolean {
  // Who is refused must hear of it, and so must whoever is let down again and again.
  if (code === 'done') return (!isLasting && kind.leads !== 'refused') || (unharmedBy?.(kind, isLasting) ?? false)
  if (or?.test(code)) return true
  if (kind.leads === 'wrong') return code === 'MALFORMED_RESPONSE'
  if (kind.leads === 'refused') return code === errorOf(kind.code ?? 0).name
  if (kind.leads === 'silent') return silenceCodes.test(code)
  if (!isLasting) return false
  return kind.leads === 'momentary' ? code === errorOf(kind.code ?? 0).name || silenceCodes.test(code) : connectionCodes.test(code)
}

const described = ({ code, error }: Outcome): string => (error === undefined ? code : `${code} (${error.message})`)

/** Which of a client's own codes say that it may be tried again; Kafka's say so in their table. */
const own: Readonly<Record<string, boolean>> = {
  CONNECTION_FAILED: true,
  CONNECTION_LOST: true,
  REQUEST_TIMED_OUT: true,
  DELIVERY_TIMED_OUT: true,
  MALFORMED_RESPONSE: false,
  COMMIT_UNKNOWN: false,
  TLS_FAILED: false,
  CLIENT_CLOSED: false,
  ABORTED: false,
}
const withBroker = ['CONNECTION_FAILED', 'CONNECTION_LOST', 'MALFORMED_RESPONSE']

/** What is wrong with an error, whatever happened. */
export function errorFaults({ code, error }: Outcome): string[] {
  if (error === undefined) return []
  if (!(error instanceof ClientError)) return [`it threw ${error.stack ?? error.message}`]
  const { message, retriable, broker } = error
  const faults: string[] = []
  const shouldBeRetriable = own[code]
  if (shouldBeRetriable !== undefined && retriable !== shouldBeRetriable) faults.push(`${code} has retriable ${retriable}: ${message}`)
  if (withBroker.includes(code) && !/^127\.0\.0\.1:\d+$/.test(broker ?? '')) faults.push(`${code} names broker ${broker}: ${message}`)
  if (withBroker.includes(code) && broker !== undefined && !message.includes(broker)) faults.push(`it does not say where: ${message}`)
  if (/undefined|\[object|NaN/.test(message) || message.length < 20) faults.push(`its message tells nothing: ${message}`)
  return faults
}
