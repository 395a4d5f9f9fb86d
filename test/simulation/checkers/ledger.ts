/**
 * Invariant 8: what really happened to every transaction, as its producer knows it, and what readers of committed records are shown of it.
 * Owns: the fate of each transaction. A transaction is shown only once its producer has asked to commit it, then whole, and never in part at
 * the end; what its producer was told is committed is there, what it gave up or aborted never was.
 */
import { Violation } from '../violation.ts'

/**
 * open: nobody asked for its end, or it was given up. ending: a commit was asked for, and nobody told what became of it.
 * committed, aborted: as the broker confirmed.
 */
type Fate = 'open' | 'ending' | 'committed' | 'aborted'

export class LedgerEntry {
  readonly id: number
  readonly by: string
  /** By partition, how many records of it are in the transaction. */
  readonly records = new Map<number, number>()
  fate: Fate = 'open'
  /** A reader was shown some of it. */
  isShown = false
  /** In it, its number is committed as the offset of this group. */
  group: string | undefined

  constructor(id: number, by: string) {
    this.id = id
    this.by = by
  }

  /** The next record for a partition: which transaction, and which of its records there. */
  record(partition: number): Buffer {
    const number = this.records.get(partition) ?? 0
    this.records.set(partition, number + 1)
    const value = Buffer.alloc(12)
    value.writeUInt32BE(this.id, 0)
    value.writeUInt32BE(number, 4)
    value.writeUInt32BE(partition, 8)
    return value
  }

  /** A record that comes when the transaction is over, and is part of none. */
  ghost(partition: number): Buffer {
    const value = Buffer.alloc(12)
    value.writeUInt32BE(this.id, 0)
    value.writeUInt32BE(0xffff_ffff, 4)
    value.writeUInt32BE(partition, 8)
    return value
  }
}

/** Of one pass of a reader over a partition, from its beginning: how many records of each transaction it was shown. */
export type Pass = Map<number, number>

export class Ledger {
  readonly #entries: LedgerEntry[] = []

  open(by: string): LedgerEntry {
    const entry = new LedgerEntry(this.#entries.length, by)
    this.#entries.push(entry)
    return entry
  }

  get count(): number {
    return this.#entries.length
  }

  get committedCount(): number {
    return this.#entries.filter(({ fate }) => fate === 'committed').length
  }

  /** A reader of committed records was shown this one. */
  shown(value: Buffer, partition: number, pass: Pass, reader: string): void {
    const entry = this.#entries[value.readUInt32BE(0)]
    if (!entry || value.readUInt32BE(8) !== partition)
      throw new Violation(8, `${reader} was shown a record that nobody sent to ${partition}`)
    const number = value.readUInt32BE(4)
    if (entry.fate !== 'ending' && entry.fate !== 'committed') {
      throw new Violation(8, `${reader} was shown record ${number} of ${nameOf(entry)} in ${partition}, which is ${entry.fate}`)
    }
    const due = pass.get(entry.id) ?? 0
    if (number !== due)
      throw new Violation(8, `${reader} was shown record ${number} of ${nameOf(entry)} in ${partition}, where ${due} is next`)
    pass.set(entry.id, due + 1)
    entry.isShown = true
  }

  get groups(): string[] {
    return [...new Set(this.#entries.flatMap(({ group }) => group ?? []))]
  }

  /** All has been read to the end: `passes` by partition, and what each group has for its offset, -1 for none. */
  complete(passes: ReadonlyMap<number, Pass>, offsets: ReadonlyMap<string, number>): void {
    for (const entry of this.#entries) {
      let shown = 0
      let whole = 0
      for (const [partition, sent] of entry.records) {
        const count = passes.get(partition)?.get(entry.id) ?? 0
        if (count > 0) shown++
        if (count === sent) whole++
      }
      const isWhole = whole === entry.records.size
      if (shown > 0 && !isWhole) throw new Violation(8, `only a part of ${nameOf(entry)} is there at the end`)
      if (entry.fate === 'committed' && !isWhole) throw new Violation(8, `${nameOf(entry)} was committed, and is not there at the end`)
      if (entry.isShown && !isWhole) throw new Violation(8, `${nameOf(entry)} was shown, and is not there at the end`)
      if (entry.group !== undefined) checkOffset(entry, isWhole, offsets.get(entry.group) ?? -1)
    }
  }
}

/** Who shares a transactional id shares a group too: its transactions come one after another, and the last that counts has the last word. */
function checkOffset(entry: LedgerEntry, isThere: boolean, offset: number): void {
  if (isThere && offset < entry.id) throw new Violation(8, `${nameOf(entry)} is there, and its group's offset is that of ${offset}`)
  if (!isThere && offset === entry.id) throw new Violation(8, `${nameOf(entry)} is not there, and its group's offset is its own`)
}

function nameOf({ id, by }: LedgerEntry): string {
  return `transaction ${id} of ${by}`
}
