/**
 * A transaction machine on a stage: what it appends is applied and committed when its turn ends, time is the test's, and what happens is told in
 * lines. Markers are written when the test says so.
 */
import { ErrorCode, errorOf } from '../../client/protocol/errors.ts'
import type { Parked, Turn } from '../../broker/coordinator/state-machine.ts'
import { isEnding, type Transaction, type TransactionVersion } from '../../broker/transactions/transaction.ts'
import { type ProducerAnswer, TransactionMachine, type TransactionTimes } from '../../broker/transactions/transaction-machine.ts'
import type { TransactionRecord } from '../../broker/transactions/transaction-records.ts'

interface Scheduled {
  readonly at: number
  readonly expired: (turn: Turn<TransactionRecord>) => void
}

const transactionalId = 'tx'

export class Stage {
  readonly records: TransactionRecord[] = []
  readonly lines: string[] = []
  machine: TransactionMachine
  now = 1_000
  version: TransactionVersion = 2
  times: TransactionTimes = { abortCheckMillis: 100, expiryCheckMillis: 1_000, expirationMillis: 10_000, patienceMillis: 0 }
  #decided: Transaction[] = []
  #timers = new Map<string, Scheduled>()
  #nextId = 100

  constructor() {
    this.machine = this.#machine()
  }

  #machine(): TransactionMachine {
    return new TransactionMachine({
      times: () => this.times,
      serverVersion: () => this.version,
      decided: (transaction) => void this.#decided.push(transaction),
      ended: ({ producerEpoch }, how) => void (how === 'timedOut' && this.lines.push(`timed out in epoch ${producerEpoch}`)),
    })
  }

  /** What the markers are to say, and not yet do. */
  get decided(): readonly Transaction[] {
    return this.#decided
  }

  turn<A>(act: (turn: Turn<TransactionRecord>) => A): A {
    const appended: TransactionRecord[] = []
    const consequences: (() => void)[] = []
    const answer = act({
      now: this.now,
      monotonic: this.now,
      append: (record) => void appended.push(record),
      inTransactionOf: () => {},
      whenCommitted: (consequence) => void consequences.push(consequence),
      answer: (request, given) => void consequences.push(() => (request as ParkedLine).settle(given as number)),
      schedule: (key, delay, expired) => void this.#timers.set(key, { at: this.now + delay, expired }),
      cancel: (key) => void this.#timers.delete(key),
    })
    for (const record of appended) this.machine.apply(record)
    this.records.push(...appended)
    for (const consequence of consequences) consequence()
    return answer
  }

  pass(millis: number): void {
    const end = this.now + millis
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= end).sort((a, b) => a[1].at - b[1].at)[0]
      if (!due) break
      const [key, { at, expired }] = due
      this.now = Math.max(this.now, at)
      this.#timers.delete(key)
      this.turn(expired)
    }
    this.now = end
  }

  /** Another machine, from the records alone. */
  restart(): void {
    this.machine = this.#machine()
    this.#decided = []
    this.#timers.clear()
    for (const record of this.records) this.machine.apply(record)
    this.turn((turn) => this.machine.loaded(turn))
  }

  init(expected?: { producerId: number; producerEpoch: number }, timeoutMillis = 1_000): ProducerAnswer {
    return this.#withId((turn, freshId) => this.machine.initProducer(turn, { transactionalId, expected, timeoutMillis, freshId }))
  }

  end(committed: boolean, claim: { producerId: number; producerEpoch: number }, clientVersion: TransactionVersion = 2): ProducerAnswer {
    return this.#withId((turn, freshId) => this.machine.end(turn, { transactionalId, ...claim, committed, clientVersion, freshId }))
  }

  #withId(ask: (turn: Turn<TransactionRecord>, freshId: number | undefined) => ProducerAnswer | 'needs producer id'): ProducerAnswer {
    const answer = this.turn((turn) => ask(turn, undefined))
    if (answer !== 'needs producer id') return answer
    return this.turn((turn) => ask(turn, this.#nextId++)) as ProducerAnswer
  }

  /** The answer goes to the lines, whenever it comes. */
  add(
    name: string,
    claim: { producerId: number; producerEpoch: number },
    added: Record<string, number[]>,
    clientVersion: TransactionVersion = 2,
  ): void {
    const parked = new ParkedLine((code) => void this.lines.push(`${name}: ${errorOf(code).name}`))
    const request = { transactionalId, claim, added: new Map(Object.entries(added)), clientVersion }
    this.turn((turn) => this.machine.addPartitions(turn, request, parked))
  }

  /** The markers of all that is decided are written. */
  writeMarkers(): void {
    for (const transaction of this.#decided.splice(0)) this.turn((turn) => this.machine.markersWritten(turn, transaction))
  }

  get state(): string {
    const known = this.machine.get(transactionalId)
    if (!known) return 'unknown'
    const { state, producerId, producerEpoch, partitions } = known
    const where = [...partitions].map(([topic, indexes]) => ` ${topic}/${indexes.join(',')}`).join('')
    return `${state} ${producerId}:${producerEpoch}${isEnding(known) && known.nextProducerId >= 0 ? ` then ${known.nextProducerId}:0` : ''}${where}`
  }

  /** What became of a request, and what is known after it. */
  tell(asked: string, { error, producerId, producerEpoch }: ProducerAnswer): void {
    this.lines.push(`${asked}: ${error === ErrorCode.NONE ? `${producerId}:${producerEpoch}` : errorOf(error).name} → ${this.state}`)
  }

  taken(): string[] {
    return this.lines.splice(0)
  }
}

class ParkedLine implements Parked<number> {
  isAnswered = false
  readonly #told: (code: number) => void

  constructor(told: (code: number) => void) {
    this.#told = told
  }

  settle(code: number): void {
    this.isAnswered = true
    this.#told(code)
  }
}
