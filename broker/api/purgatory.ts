/**
 * Requests that wait: for a partition to grow, for an offset to be committed, or for their time to run out.
 * Owns: who waits, and the wheel that times them. Never: what they wait for, or what they answer.
 * A waiter is woken by whoever changes what it waits for, and expires once; either way it leaves for good.
 */
import type { Clock, Millis } from '../platform/clock.ts'
import { LinkedList, type ListNode } from '../replication/linked-list.ts'

export interface Waiter {
  /** Time is up: answer with what there is. */
  expire(): void
  /** What it waits for comes soon and by itself, and an early answer would be a worse one: closing does not hurry it. */
  readonly isPatient?: boolean
}

const tickMillis: Millis = 4
const slotCount = 1024

/** A place in the wheel. */
export interface Ticket {
  readonly waiter: Waiter
  readonly slot: LinkedList<Ticket>
  /** Until it expires or leaves. */
  place: ListNode<Ticket> | undefined
  rounds: number
}

/**
 * A hashed timer wheel (Varghese and Lauck): adding and removing cost the same however many wait.
 * It ticks only while somebody waits, so an idle broker sleeps.
 */
export class Purgatory {
  readonly #clock: Clock
  readonly #slots = Array.from({ length: slotCount }, () => new LinkedList<Ticket>())
  #hand = 0
  /** When the hand last moved, monotonic. */
  #at: Millis = 0
  #size = 0
  #ticking = false
  #closing = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How many wait. */
  get size(): number {
    return this.#size
  }

  /** Calls `waiter.expire` after `delay`, unless `leave` comes first. */
  enter(waiter: Waiter, delay: Millis): Ticket {
    if (!this.#ticking) this.#start()
    const behind = this.#clock.monotonic() - this.#at
    const ticks = Math.max(1, Math.ceil((delay + behind) / tickMillis))
    const slot = this.#slots[(this.#hand + ticks) % slotCount] as LinkedList<Ticket>
    const ticket: Ticket = { waiter, slot, place: undefined, rounds: Math.floor((ticks - 1) / slotCount) }
    ticket.place = slot.add(ticket)
    this.#size++
    if (this.#closing && !waiter.isPatient) queueMicrotask(() => this.#expire(ticket))
    return ticket
  }

  leave(ticket: Ticket): void {
    if (!ticket.place) return
    ticket.slot.remove(ticket.place)
    ticket.place = undefined
    this.#size--
  }

  /** The broker is closing, and nobody should have to wait for it: who waits expires now, and so does who comes yet; the patient stay. */
  close(): void {
    this.#closing = true
    for (const slot of this.#slots) for (const ticket of slot.values()) if (!ticket.waiter.isPatient) this.#expire(ticket)
  }

  #start(): void {
    this.#ticking = true
    this.#at = this.#clock.monotonic()
    this.#clock.after(tickMillis, this.#tick)
  }

  readonly #tick = (): void => {
    const now = this.#clock.monotonic()
    while (now - this.#at >= tickMillis) {
      this.#at += tickMillis
      this.#hand = (this.#hand + 1) % slotCount
      this.#turn(this.#slots[this.#hand] as LinkedList<Ticket>)
    }
    if (this.#size > 0) this.#clock.after(tickMillis, this.#tick)
    else this.#ticking = false
  }

  #turn(slot: LinkedList<Ticket>): void {
    if (slot.isEmpty) return
    for (const ticket of slot.values()) {
      if (ticket.rounds > 0) ticket.rounds--
      else this.#expire(ticket)
    }
  }

  #expire(ticket: Ticket): void {
    if (!ticket.place) return
    this.leave(ticket)
    ticket.waiter.expire()
  }
}
