/**
 * A doubly linked list whose nodes are handed out: who holds one leaves in no time, wherever it stands.
 * For what comes and goes with each request, in the place of a Set: the tables that a V8 Set outgrows stay linked to the newer ones, so a dead
 * one in the old generation keeps everything that came after it alive, and each scavenge copies it, until a full collection.
 * Invariant: a node that has left refers to nothing.
 */

export class ListNode<T> {
  value: T | undefined
  previous: ListNode<T> | undefined
  next: ListNode<T> | undefined

  constructor(value: T | undefined) {
    this.value = value
  }
}

export class LinkedList<T> {
  /** Stands before the first and behind the last. */
  readonly #ends = new ListNode<T>(undefined)

  constructor() {
    this.#ends.previous = this.#ends.next = this.#ends
  }

  get isEmpty(): boolean {
    return this.#ends.next === this.#ends
  }

  /** At the end. */
  add(value: T): ListNode<T> {
    const node = new ListNode<T>(value)
    const last = this.#ends.previous as ListNode<T>
    node.previous = last
    node.next = this.#ends
    last.next = this.#ends.previous = node
    return node
  }

  /** Whether it was still in the list. */
  remove(node: ListNode<T>): boolean {
    const { previous, next } = node
    if (!previous || !next) return false
    previous.next = next
    next.previous = previous
    node.previous = node.next = node.value = undefined
    return true
  }

  /** Those that are in it now, in order; what comes and goes meanwhile changes nothing. */
  values(): T[] {
    const values: T[] = []
    for (let node = this.#ends.next; node && node !== this.#ends; node = node.next) values.push(node.value as T)
    return values
  }
}
