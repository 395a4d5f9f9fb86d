/**
 * What streams were granted, as the broker hears it, and what it sends them: never more (invariant 13).
 * Owns: the account of each subscription, kept by the protocol's page alone. Never: asks the broker what it thinks.
 */
import type { ClientMessage } from '../../../client/protocol/stream/client-messages.ts'
import type { ServerMessage, StreamedRecord } from '../../../client/protocol/stream/server-messages.ts'
import { Violation } from '../violation.ts'

/** Undefined: not counted. */
interface Account {
  records: number | undefined
  bytes: number | undefined
}

const recordBytes = 16

export class StreamCredit {
  readonly #accounts = new Map<string, Account>()
  /** Of records and batches, in bytes as credit counts them. */
  spentBytes = 0

  heard(socket: number, message: ClientMessage): void {
    if (message.type === 'subscribe') {
      this.#accounts.set(`${socket}/${message.subscription}`, { records: undefined, bytes: undefined })
      if (message.credit) this.#grant(socket, message.subscription, message.credit)
    } else if (message.type === 'credit') this.#grant(socket, message.subscription, message)
  }

  sent(socket: number, message: ServerMessage): void {
    if (message.type === 'records') {
      const bytes = message.records.reduce((sum, record) => sum + sizeOf(record), 0)
      this.#spend(socket, message.subscription, message.records.length, bytes)
    } else if (message.type === 'batches') this.#spend(socket, message.subscription, message.count, message.batches.length)
  }

  #grant(socket: number, subscription: number, { records, bytes }: { records?: number | undefined; bytes?: number | undefined }): void {
    const account = this.#accounts.get(`${socket}/${subscription}`)
    if (!account) return
    if (records !== undefined) account.records = (account.records ?? 0) + records
    if (bytes !== undefined) account.bytes = (account.bytes ?? 0) + bytes
  }

  #spend(socket: number, subscription: number, records: number, bytes: number): void {
    const account = this.#accounts.get(`${socket}/${subscription}`)
    if (!account) throw new Violation(13, `records for subscription ${subscription} of socket ${socket}, which there is not`)
    if (account.records === undefined && account.bytes === undefined && records > 0)
      throw new Violation(13, `${records} records for a subscription that was granted nothing`)
    this.spentBytes += bytes
    for (const [unit, left, spent] of [['records', account.records, records] as const, ['bytes', account.bytes, bytes] as const]) {
      if (left !== undefined && spent > left)
        throw new Violation(13, `${spent} ${unit} were sent to socket ${socket} where ${left} were left`)
    }
    if (account.records !== undefined) account.records -= records
    if (account.bytes !== undefined) account.bytes -= bytes
  }
}

const encoder = new TextEncoder()

function sizeOf({ key, value, headers = [] }: StreamedRecord): number {
  const own = recordBytes + (key?.length ?? 0) + (value?.length ?? 0)
  return headers.reduce((sum, [name, content]) => sum + encoder.encode(name).length + (content?.length ?? 0), own)
}
