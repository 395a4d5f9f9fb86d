/** Something that must always be true was not. */

/** Numbered as in the design: what the broker promises whatever happens. */
export const invariants = {
  1: 'written is written',
  3: 'nothing above the high watermark is read',
  5: 'no input crashes the broker',
  6: 'torn is not lost',
  7: 'everything is repeatable',
  8: 'of a transaction readers see all or nothing',
  9: 'the newest value of a key is never lost',
  10: 'a partition belongs to one member of a group at most',
  11: 'what a group committed counts, and nothing that a former member commits',
  12: 'a group settles when nothing fails any more',
  13: 'a stream is never sent more than it has granted',
} as const

export type Invariant = keyof typeof invariants

export class Violation extends Error {
  readonly invariant: Invariant

  constructor(invariant: Invariant, what: string) {
    super(`invariant ${invariant} (${invariants[invariant]}): ${what}`)
    this.name = 'Violation'
    this.invariant = invariant
  }
}
