/**
 * What really happened, as the clients know it: every batch sent, what was answered, and where it was seen.
 * Owns: the truth that the broker's answers are held against. Never: asks the broker.
 * A partition's history is a map from offsets to batches. It fills as acknowledgements and reads come, in any order; once an offset has a
 * batch, nobody may see another there, unless a power failure took what nobody had promised to keep.
 */
import { batchAt, contentOffset, crcOffset, type FoundBatch } from './clients/batch.ts'
import { Violation } from './violation.ts'

export interface SentBatch {
  readonly partition: PartitionHistory
  readonly bytes: Buffer
  readonly recordCount: number
  readonly by: string
  /** -1, so far, if nobody has seen it in the log. */
  baseOffset: number
  acknowledged: boolean
  /** Acknowledged as being on the disk: a power failure must not take it. */
  durable: boolean
}

/** Since the broker's life `life` began, all from `end` on had been lost. */
interface Loss {
  life: number
  end: number
}

export class PartitionHistory {
  readonly topic: string
  readonly index: number
  /** Retention may move the start at any time. */
  readonly mayExpire: boolean
  readonly #byContent = new Map<number, SentBatch>()
  readonly #at = new Map<number, SentBatch>()
  readonly #losses: Loss[] = []
  /** Readers may not see anything below: records were deleted on request, and that was confirmed. */
  deletedBefore = 0
  /** The highest offset that anybody asked to delete up to, confirmed or not. */
  deletingBefore = 0
  /** Somebody asked this life of the broker to delete up to its high watermark, wherever that was by then. */
  deletingAll = false
  /** The highest start that anybody was told of, or saw. */
  startSeen = 0
  /** One past the last offset anybody knows of. */
  endSeen = 0
  acknowledgedCount = 0

  constructor(topic: string, index: number, mayExpire: boolean) {
    this.topic = topic
    this.index = index
    this.mayExpire = mayExpire
  }

  get name(): string {
    return `${this.topic}-${this.index}`
  }

  get sentCount(): number {
    return this.#byContent.size
  }

  sent(bytes: Buffer, recordCount: number, by: string): SentBatch {
    const batch: SentBatch = { partition: this, bytes, recordCount, by, baseOffset: -1, acknowledged: false, durable: false }
    this.#byContent.set(contentKey(bytes), batch)
    return batch
  }

  /** A broker in its life `life` confirmed the batch. `durable`: as on the disk. */
  acknowledge(batch: SentBatch, baseOffset: number, durable: boolean, life: number): void {
    const lostFrom = this.#lostSince(life)
    if (baseOffset + batch.recordCount > lostFrom) {
      if (durable && this.#at.get(baseOffset) !== batch) {
        throw new Violation(
          1,
          `${this.name}: a batch of ${batch.by} at ${baseOffset} was acknowledged as durable, and lost from ${lostFrom} on`,
        )
      }
      return
    }
    this.#place(batch, baseOffset, 'acknowledged')
    if (!batch.acknowledged) this.acknowledgedCount++
    batch.acknowledged = true
    batch.durable ||= durable
  }

  /** What a reader was given: valid, contiguous bytes from `from` on, but for a last batch cut short. The offset after them. */
  read(bytes: Buffer, from: number, upTo: number, life: number, reader: string): number {
    let next = from
    for (let position = 0; position < bytes.length; ) {
      const batch = batchAt(bytes, position)
      if (batch === 'cut') break
      if (batch === 'damaged') throw new Violation(1, `${this.name}: ${reader} was given a damaged batch after offset ${next - 1}`)
      const isFirst = position === 0
      if (isFirst ? batch.baseOffset > from || batch.endOffset <= from : batch.baseOffset !== next) {
        throw new Violation(1, `${this.name}: ${reader} asked for ${next} and was given ${batch.baseOffset} to ${batch.endOffset - 1}`)
      }
      if (batch.endOffset > upTo)
        throw new Violation(3, `${this.name}: ${reader} was given offset ${batch.endOffset - 1}, and may see those below ${upTo}`)
      this.#see(batch, life, reader)
      next = batch.endOffset
      position += batch.bytes.length
    }
    return next
  }

  #see(found: FoundBatch, life: number, reader: string): void {
    const batch = this.identify(found, reader)
    if (found.endOffset <= this.#lostSince(life)) this.#place(batch, found.baseOffset, `read by ${reader}`)
  }

  /** The batch that was sent with these bytes; there must be one. */
  identify(found: FoundBatch, reader: string): SentBatch {
    const batch = this.#byContent.get(contentKey(found.bytes))
    if (!batch) throw new Violation(1, `${this.name}: ${reader} found a batch at ${found.baseOffset} that nobody sent here`)
    if (!batch.bytes.subarray(contentOffset).equals(found.bytes.subarray(contentOffset))) {
      const at = found.bytes.findIndex((byte, index) => index >= contentOffset && byte !== batch.bytes[index])
      throw new Violation(
        1,
        `${this.name}: a batch of ${batch.by} was changed at its byte ${at}: ${reader} found it so at ${found.baseOffset}`,
      )
    }
    return batch
  }

  #place(batch: SentBatch, baseOffset: number, how: string): void {
    const there = this.#at.get(baseOffset)
    if (there && there !== batch) {
      throw new Violation(1, `${this.name}: offset ${baseOffset} is a batch of ${batch.by} (${how}), and was another of ${there.by}`)
    }
    if (batch.baseOffset !== -1 && batch.baseOffset !== baseOffset) {
      throw new Violation(
        1,
        `${this.name}: a batch of ${batch.by} is at ${baseOffset} (${how}) and at ${batch.baseOffset}: stored twice, or moved`,
      )
    }
    batch.baseOffset = baseOffset
    this.#at.set(baseOffset, batch)
    this.endSeen = Math.max(this.endSeen, baseOffset + batch.recordCount)
  }

  #lostSince(life: number): number {
    let end = Number.POSITIVE_INFINITY
    for (const loss of this.#losses) if (loss.life > life) end = Math.min(end, loss.end)
    return end
  }

  /**
   * Before the broker's life `life` its disk holds these batches, in order, up to `end`. What was beyond, or before, is lost: it must not
   * have been promised. What the power failure left is on the device, and so is as good as promised from now on.
   */
  recovered(
    { batches, start, end }: { batches: readonly FoundBatch[]; start: number; end: number },
    life: number,
    powerFailed: boolean,
  ): void {
    for (const found of batches) {
      const batch = this.identify(found, 'the disk')
      this.#place(batch, found.baseOffset, 'found on the disk')
      if (powerFailed) batch.durable = true
    }
    for (const [baseOffset, batch] of this.#at) {
      const after = baseOffset + batch.recordCount
      const isBeforeStart = after <= start
      if (after <= end && !isBeforeStart) continue
      const wasDeleted = after <= Math.max(this.startSeen, this.deletingBefore) || (isBeforeStart && this.mayExpire)
      if (!wasDeleted) this.#assertMayBeLost(batch, { start, end }, powerFailed)
      this.#at.delete(baseOffset)
      batch.baseOffset = -1
      if (batch.acknowledged) this.acknowledgedCount--
      batch.acknowledged = false
    }
    this.endSeen = Math.min(this.endSeen, end)
    // What the dead broker said of batches beyond may still be on its way to somebody.
    if (powerFailed) this.#losses.push({ life, end })
  }

  #assertMayBeLost({ by, baseOffset, durable }: SentBatch, { start, end }: { start: number; end: number }, powerFailed: boolean): void {
    const loss = `and is lost: the disk holds ${start} to ${end}`
    if (durable) throw new Violation(1, `${this.name}: a batch of ${by} at ${baseOffset} was acknowledged as durable, ${loss}`)
    if (powerFailed) return
    throw new Violation(1, `${this.name}: a batch of ${by} at ${baseOffset} had been written, and only the process died, ${loss}`)
  }

  /** DeleteRecords was confirmed: the log starts here, or later. */
  deleted(start: number): void {
    this.deletedBefore = Math.max(this.deletedBefore, start)
    this.deletingBefore = Math.max(this.deletingBefore, start)
    this.startSeen = Math.max(this.startSeen, start)
  }

  /** The broker had noted this start when it died. Its own word counts where it may have moved the start in its last moment. */
  startNoted(start: number): void {
    if (this.deletingAll) this.deletingBefore = Math.max(this.deletingBefore, start)
    this.deletingAll = false
    if (this.mayExpire || start <= this.deletingBefore) this.startSeen = Math.max(this.startSeen, start)
  }

  /** Whether a broker in its life `life` or a later one lost something below `offset`. */
  mayHaveLost(offset: number, life: number): boolean {
    return this.#losses.some((loss) => loss.life > life && loss.end < offset)
  }

  /** At the end, all is read from `start` to `end`: every batch that must be there is. */
  complete(start: number, end: number): void {
    for (const [baseOffset, batch] of this.#at) {
      const isGone = baseOffset + batch.recordCount <= start
      if (!isGone && baseOffset + batch.recordCount > end)
        throw new Violation(1, `${this.name}: a batch of ${batch.by} at ${baseOffset} is missing: the log ends at ${end}`)
    }
    let next = start
    while (next < end) {
      const batch = this.#covering(next)
      if (!batch) throw new Violation(1, `${this.name}: nobody was given offset ${next}, and the log ends at ${end}`)
      next = batch.baseOffset + batch.recordCount
    }
  }

  #covering(offset: number): SentBatch | undefined {
    const exact = this.#at.get(offset)
    if (exact) return exact
    for (const [baseOffset, batch] of this.#at) if (baseOffset <= offset && offset < baseOffset + batch.recordCount) return batch
    return undefined
  }
}

/** Records are drawn by chance, so that a batch's own checksum tells it from others. (A CRC-32 would not: gzip ends in one, and cancels it.) */
function contentKey(batch: Buffer): number {
  return batch.readUInt32BE(crcOffset)
}

export class History {
  readonly #partitions = new Map<string, PartitionHistory>()
  readonly #mayExpire: (topic: string) => boolean

  /** @param mayExpire whether a topic has retention. */
  constructor(mayExpire: (topic: string) => boolean = () => false) {
    this.#mayExpire = mayExpire
  }

  partition(topic: string, index: number): PartitionHistory {
    const name = `${topic}-${index}`
    let partition = this.#partitions.get(name)
    if (!partition) {
      partition = new PartitionHistory(topic, index, this.#mayExpire(topic))
      this.#partitions.set(name, partition)
    }
    return partition
  }

  /** If anybody wrote there. */
  known(topic: string, index: number): PartitionHistory | undefined {
    return this.#partitions.get(`${topic}-${index}`)
  }

  all(): PartitionHistory[] {
    return [...this.#partitions.values()]
  }
}
