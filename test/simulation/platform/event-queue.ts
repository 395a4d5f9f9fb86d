/**
 * What will happen, soonest first.
 * Order: time; then what arrives before what waits for the end of a turn; then a tie-break drawn from the seed; then age.
 */

export interface SimulatedEvent {
  /** Virtual microseconds since the world began. */
  at: number
  /** 0: arrives; 1: runs at the end of the turn, after all that arrives at the same time. */
  readonly phase: 0 | 1
  readonly tie: number
  readonly age: number
  readonly label: string
  run: (() => void) | undefined
}

function before(one: SimulatedEvent, other: SimulatedEvent): boolean {
  if (one.at !== other.at) return one.at < other.at
  if (one.phase !== other.phase) return one.phase < other.phase
  if (one.tie !== other.tie) return one.tie < other.tie
  return one.age < other.age
}

/** A binary heap. A cancelled event (`run` undefined) stays until its time comes. */
export class EventQueue {
  readonly #heap: SimulatedEvent[] = []

  get length(): number {
    return this.#heap.length
  }

  get first(): SimulatedEvent | undefined {
    return this.#heap[0]
  }

  push(event: SimulatedEvent): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(event)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent] as SimulatedEvent
      if (!before(event, above)) break
      heap[at] = above
      at = parent
    }
    heap[at] = event
  }

  pop(): SimulatedEvent | undefined {
    const heap = this.#heap
    const top = heap[0]
    const last = heap.pop()
    if (!top || !last || heap.length === 0) return top
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      const right = heap[child + 1]
      if (right && before(right, heap[child] as SimulatedEvent)) child++
      const lesser = heap[child] as SimulatedEvent
      if (!before(lesser, last)) break
      heap[at] = lesser
      at = child
    }
    heap[at] = last
    return top
  }
}
