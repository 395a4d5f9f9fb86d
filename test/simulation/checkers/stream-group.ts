/**
 * A group whose members are pages: what its members were told over their sockets, and what they gave out.
 * Owns: who holds which partition, how far the group has come in each, what it was told to be committed. The promises:
 * - a partition is not assigned while another member has it (10);
 * - it begins no earlier than what the group was told to be committed (11), and skips nothing that nobody has given out (1);
 * - a member that comes back over another connection goes on where it was: nothing is given out twice by it (1).
 */
import type { ClientMessage, Cursor, Place } from '../../../client/protocol/stream/client-messages.ts'
import type { ServerMessage } from '../../../client/protocol/stream/server-messages.ts'
import { Violation } from '../violation.ts'

export class StreamGroup {
  /** By partition: the socket that has it. */
  readonly #holders = new Map<string, number>()
  /** By partition: before this offset all records were given out by somebody. */
  readonly #given = new Map<string, number>()
  readonly #committed = new Map<string, number>()
  /** By socket and request. */
  readonly #asked = new Map<string, readonly Cursor[]>()
  moves = 0
  commits = 0

  said(socket: number, message: ClientMessage): void {
    if (message.type === 'commit') this.#asked.set(`${socket}/${message.request}`, message.cursors)
    if (message.type === 'release') this.#free(socket, message.partitions)
    if (message.type === 'unsubscribe') this.broke(socket)
  }

  arrived(socket: number, message: ServerMessage): void {
    if (message.type === 'assigned') for (const cursor of message.partitions) this.#assigned(socket, cursor)
    if (message.type === 'committed') this.#acknowledged(socket, message.request)
  }

  broke(socket: number): void {
    for (const [place, holder] of this.#holders) if (holder === socket) this.#holders.delete(place)
  }

  #free(socket: number, places: readonly Place[]): void {
    for (const place of places) if (this.#holders.get(nameOf(place)) === socket) this.#holders.delete(nameOf(place))
  }

  #assigned(socket: number, cursor: Cursor): void {
    const place = nameOf(cursor)
    const holder = this.#holders.get(place)
    if (holder !== undefined && holder !== socket)
      throw new Violation(10, `${place} was given to socket ${socket} while socket ${holder} has it`)
    this.#holders.set(place, socket)
    this.moves++
    const committed = this.#committed.get(place) ?? 0
    if (cursor.offset < committed) throw new Violation(11, `${place} was given from ${cursor.offset}, and ${committed} was committed`)
    const given = this.#given.get(place) ?? 0
    if (cursor.offset > given)
      throw new Violation(1, `${place} was given from ${cursor.offset}, and nobody was given what is from ${given} on`)
  }

  #acknowledged(socket: number, request: number): void {
    for (const cursor of this.#asked.get(`${socket}/${request}`) ?? []) {
      const place = nameOf(cursor)
      this.#committed.set(place, Math.max(cursor.offset, this.#committed.get(place) ?? 0))
      this.commits++
    }
  }

  /** A member's page has this record now. */
  took({ topic, partition, offset }: Cursor): void {
    const place = nameOf({ topic, partition })
    this.#given.set(place, Math.max(offset + 1, this.#given.get(place) ?? 0))
  }

  /** How many records, over all partitions, somebody was given. */
  get givenCount(): number {
    return [...this.#given.values()].reduce((sum, upTo) => sum + upTo, 0)
  }
}

function nameOf({ topic, partition }: Place): string {
  return `${topic}-${partition}`
}
