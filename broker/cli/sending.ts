/**
 * Records on their way out, gathered while others are under way: one at a time sent alone, a flood in full batches.
 * Owns: what is gathered, at most `gatheredBytesMax` and one addition more, and how many sends are under way, at most `sendsMax`.
 * Counts what was acknowledged. After a failure nothing more is sent.
 */
import type { ProducerRecord } from '../../client/index.ts'

const gatheredBytesMax = 1024 * 1024
const sendsMax = 4

export class Sending {
  /** Acknowledged. */
  records = 0
  bytes = 0
  readonly #send: (records: readonly ProducerRecord[]) => Promise<unknown>
  readonly #onFailure: (error: Error) => void
  readonly #underWay = new Set<Promise<void>>()
  #gathered: ProducerRecord[] = []
  #gatheredBytes = 0
  #failure: Error | undefined

  constructor(send: (records: readonly ProducerRecord[]) => Promise<unknown>, onFailure: (error: Error) => void) {
    this.#send = send
    this.#onFailure = onFailure
  }

  /** Resolves when there is room for more. Throws what a send failed with. */
  async add(records: readonly ProducerRecord[]): Promise<void> {
    for (const record of records) {
      this.#gathered.push(record)
      this.#gatheredBytes += (record.key?.length ?? 0) + (record.value?.length ?? 0)
    }
    if (this.#underWay.size === 0) this.#flush()
    while (this.#gatheredBytes > gatheredBytesMax && !this.#failure) {
      if (this.#underWay.size < sendsMax) this.#flush()
      else await Promise.race(this.#underWay)
    }
    if (this.#failure) throw this.#failure
  }

  /** All is acknowledged. Throws what a send failed with. */
  async finished(): Promise<void> {
    while (this.#underWay.size > 0 || this.#gathered.length > 0) {
      if (this.#failure) break
      if (this.#underWay.size < sendsMax) this.#flush()
      await Promise.race(this.#underWay)
    }
    await this.settled()
    if (this.#failure) throw this.#failure
  }

  /** Nothing is under way any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay)
  }

  #flush(): void {
    if (this.#gathered.length === 0 || this.#failure) return
    const records = this.#gathered
    this.#gathered = []
    this.#gatheredBytes = 0
    const sent = this.#dispatch(records).then(
      () => {
        this.#underWay.delete(sent)
        if (this.#underWay.size === 0) this.#flush()
      },
      (error: Error) => {
        this.#underWay.delete(sent)
        this.#failure ??= error
        this.#onFailure(error)
      },
    )
    this.#underWay.add(sent)
  }

  async #dispatch(records: readonly ProducerRecord[]): Promise<void> {
    await this.#send(records)
    this.records += records.length
    for (const { key, value } of records) this.bytes += (key?.length ?? 0) + (value?.length ?? 0)
  }
}
