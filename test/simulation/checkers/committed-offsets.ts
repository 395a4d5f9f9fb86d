/**
 * Invariant 11: what a group committed is what it fetches, until a later commit says otherwise, whatever happens to the broker meanwhile.
 * Owns: the history of every commit and every fetch, for each partition of a group. Each commit has an offset that no other has, so that a
 * fetch tells which one it saw.
 *
 * For one partition that history must be that of a register: between its request and its answer each commit takes effect at one moment, one
 * without an answer at any later moment or never, and each fetch sees the last. With values that differ this can be decided exactly
 * (Gibbons and Korach, Testing Shared Memories, 1997): of each value only the first answer and the last request count. If that answer comes
 * before that request, the value was there all the time between (it reigns); else there is one moment at least between request and answer.
 * No two values may reign at once, nor may one take its whole turn while another reigns.
 *
 * An offset committed in a transaction takes effect with it. A fetch of stable offsets (KIP-447) waits for the outcome and must see it; others
 * may see what was before for a while.
 */
import { Violation } from '../violation.ts'

/** open: nobody asked to commit the transaction. ending: it was asked for. */
export interface TransactionFate {
  fate: 'open' | 'ending' | 'committed' | 'aborted'
  /** When its producer was told that it is committed. */
  committedAt: number
}

export interface Commit {
  readonly place: string
  readonly offset: number
  readonly by: string
  readonly sentAt: number
  readonly transaction: TransactionFate | undefined
  fate: 'unknown' | 'acknowledged' | 'refused'
  answeredAt: number
  isSeen: boolean
}

interface Fetch {
  readonly by: string
  readonly sentAt: number
  readonly answeredAt: number
  readonly isStable: boolean
  /** Undefined: nothing was committed. */
  readonly saw: Commit | undefined
}

/** From the last request that has to do with a value, to the first answer. */
interface Turn {
  readonly what: string
  readonly lastSent: number
  readonly firstAnswered: number
}

export class CommittedOffsets {
  #moment = 0
  #next = 1
  readonly #commits = new Map<number, Commit>()
  readonly #fetches = new Map<string, Fetch[]>()
  acknowledgedCount = 0

  /** Somebody is about to commit: which offset it takes. */
  send(place: string, by: string, transaction?: TransactionFate): Commit {
    const offset = this.#next++
    const commit: Commit = {
      place,
      offset,
      by,
      sentAt: this.now(),
      transaction,
      fate: 'unknown',
      answeredAt: Number.POSITIVE_INFINITY,
      isSeen: false,
    }
    this.#commits.set(offset, commit)
    return commit
  }

  /** A moment that is later than all before. */
  now(): number {
    return this.#moment++
  }

  acknowledged(commit: Commit): void {
    commit.fate = 'acknowledged'
    commit.answeredAt = this.now()
    this.acknowledgedCount++
  }

  refused(commit: Commit): void {
    if (commit.isSeen) throw new Violation(11, `${nameOf(commit)} was refused, and could be fetched`)
    commit.fate = 'refused'
  }

  /** @param offset -1: nothing is committed. @param sentAt from `now` */
  fetched(place: string, offset: number, { by, sentAt, isStable }: { by: string; sentAt: number; isStable: boolean }): void {
    const saw = offset === -1 ? undefined : this.#commits.get(offset)
    if (offset !== -1 && saw?.place !== place) throw new Violation(11, `${by} fetched ${offset} of ${place}, which nobody committed there`)
    if (saw) {
      saw.isSeen = true
      const { fate, transaction } = saw
      if (fate === 'refused') throw new Violation(11, `${by} fetched what ${nameOf(saw)} committed, though it was refused`)
      if (transaction?.fate === 'open' || transaction?.fate === 'aborted') {
        throw new Violation(8, `${by} fetched what ${nameOf(saw)} committed in a transaction that is ${transaction.fate}`)
      }
    }
    let fetches = this.#fetches.get(place)
    if (!fetches) this.#fetches.set(place, (fetches = []))
    fetches.push({ by, sentAt, answeredAt: this.now(), isStable, saw })
  }

  /** All is over, and each place was fetched a last time. */
  check(): void {
    const commits = Map.groupBy(this.#commits.values(), ({ place }) => place)
    for (const [place, fetches] of this.#fetches) {
      const here = commits.get(place) ?? []
      checkRegister(place, here, fetches, () => Number.POSITIVE_INFINITY)
      const stable = fetches.filter(({ isStable }) => isStable)
      checkRegister(place, here, stable, ({ fate, committedAt }) => (fate === 'committed' ? committedAt : Number.POSITIVE_INFINITY))
    }
  }
}

function checkRegister(
  place: string,
  commits: readonly Commit[],
  fetches: readonly Fetch[],
  isOver: (transaction: TransactionFate) => number,
): void {
  const seenBy = Map.groupBy(fetches, ({ saw }) => saw)
  const turns: Turn[] = []
  for (const commit of [undefined, ...commits]) {
    const seen = seenBy.get(commit) ?? []
    const answeredAt = commit ? answerOf(commit, isOver) : -1
    if (seen.length === 0 && answeredAt === Number.POSITIVE_INFINITY) continue
    turns.push({
      what: commit ? nameOf(commit) : 'having nothing',
      lastSent: Math.max(commit?.sentAt ?? -1, ...seen.map((fetch) => fetch.sentAt)),
      firstAnswered: Math.min(answeredAt, ...seen.map((fetch) => fetch.answeredAt)),
    })
  }
  const reigning = turns
    .filter(({ firstAnswered, lastSent }) => firstAnswered < lastSent)
    .sort((one, other) => one.firstAnswered - other.firstAnswered)
  reigning.reduce<Turn | undefined>((before, turn) => {
    if (before && turn.firstAnswered < before.lastSent) {
      throw new Violation(11, `${place}: ${before.what} was fetched after ${turn.what} had been, which came later: offsets went back`)
    }
    return turn
  }, undefined)
  for (const { what, lastSent, firstAnswered } of turns) {
    const reign = reigning.find((turn) => turn.firstAnswered < lastSent && firstAnswered < turn.lastSent && lastSent < firstAnswered)
    if (!reign) continue
    throw new Violation(11, `${place}: ${what} counted, and is lost, or should not have: ${reign.what} was fetched before and after it`)
  }
}

function answerOf({ fate, answeredAt, transaction }: Commit, isOver: (transaction: TransactionFate) => number): number {
  if (fate !== 'acknowledged' || !transaction) return answeredAt
  return isOver(transaction)
}

function nameOf({ offset, by, place }: Commit): string {
  return `commit ${offset} of ${by} for ${place}`
}
