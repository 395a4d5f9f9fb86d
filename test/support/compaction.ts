/** Segments on a memory disk without a log around them, for tests of what compaction writes. */
import { compact, type CompactionInput, type CompactionResult } from '../../broker/log/compaction/compaction.ts'
import type { SourceSegment } from '../../broker/log/compaction/segment-groups.ts'
import { offsetFileName } from '../../broker/log/segment-files.ts'
import { type AbortedEntry, TransactionIndex } from '../../broker/log/transaction-index.ts'
import { RecordBatch } from '../../client/records/batch.ts'
import { recordsOf, type StoredRecord } from '../../client/records/record.ts'
import { testTime } from './batches.ts'
import { MemoryDisk } from './memory-disk.ts'

const folder = '/data/t-0'

export class StoredSegments {
  readonly disk = new MemoryDisk()
  sources: SourceSegment[] = []
  firstDirtyOffset = 0
  endOffset = 0
  #base = 0
  #batches: Buffer[] = []
  #aborted = new TransactionIndex()

  constructor() {
    this.disk.makeDirectory(folder)
  }

  /** A batch at the end; its offset. */
  append(batch: Buffer): number {
    const header = new RecordBatch(batch)
    header.baseOffset = this.endOffset
    this.endOffset = header.nextOffset
    this.#batches.push(batch)
    return header.baseOffset
  }

  aborted(entry: AbortedEntry): void {
    this.#aborted.append(entry)
  }

  /** What was appended is a segment now. */
  roll(): void {
    const bytes = Buffer.concat(this.#batches)
    this.disk.put(this.#path(this.#base, '.log'), bytes)
    if (this.#aborted.entries.length > 0) this.disk.put(this.#path(this.#base, '.txnindex'), this.#aborted.encode())
    this.sources.push({ baseOffset: this.#base, endOffset: this.endOffset, bytes: bytes.length })
    this.#base = this.endOffset
    this.#batches = []
    this.#aborted = new TransactionIndex()
  }

  #path(base: number, suffix: string): string {
    return `${folder}/${offsetFileName(base, suffix)}`
  }

  /** One pass over all segments, whose results take their places. */
  compact(options: Partial<CompactionInput> = {}, rested: (millis: number) => void = () => {}): CompactionResult {
    const input: CompactionInput = {
      folder,
      segments: this.sources,
      firstDirtyOffset: this.firstDirtyOffset,
      abortedLater: [],
      producers: [],
      now: testTime,
      deleteRetentionMillis: 1000,
      mapBytes: 64 * 1024,
      mapLoadFactor: 0.9,
      secret: Buffer.alloc(16, 7),
      ioBytes: 4096,
      bytesPerSecond: Number.MAX_VALUE,
      segmentBytes: 1024 * 1024,
      segmentIndexBytes: 1024 * 1024,
      indexIntervalBytes: 100,
      ...options,
    }
    let now = 0
    const steps = compact(input, this.disk, () => now)
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done) {
        this.firstDirtyOffset = step.value.endOffset
        return step.value
      }
      now += step.value.restMillis
      rested(now)
      if (step.value.report) this.#replace(step.value.report.bases, step.value.report.bytes)
    }
  }

  #replace(bases: readonly number[], bytes: number): void {
    const [baseOffset] = bases as [number]
    const endOffset = (this.sources.find((source) => source.baseOffset === bases.at(-1)) as SourceSegment).endOffset
    for (const base of bases)
      for (const suffix of ['.log', '.index', '.timeindex', '.txnindex']) this.disk.removeTree(this.#path(base, suffix))
    for (const suffix of ['.log', '.index', '.timeindex', '.txnindex']) {
      const path = this.#path(baseOffset, suffix)
      if (this.disk.exists(`${path}.cleaned`)) this.disk.rename(`${path}.cleaned`, path)
    }
    this.sources = this.sources.filter((source) => !bases.includes(source.baseOffset))
    this.sources.push({ baseOffset, endOffset, bytes })
    this.sources.sort((a, b) => a.baseOffset - b.baseOffset)
  }

  /** Every batch there is, in order. */
  batches(): RecordBatch[] {
    const found: RecordBatch[] = []
    for (const { baseOffset } of this.sources) {
      const bytes = this.disk.get(this.#path(baseOffset, '.log'))
      for (let at = 0; at < bytes.length; ) {
        const batch = new RecordBatch(Buffer.from(bytes), at)
        batch.ensureValid()
        found.push(batch)
        at += batch.bytes
      }
    }
    return found
  }

  /** Every record that is not a marker. */
  records(): StoredRecord[] {
    return this.batches().flatMap((batch) => (batch.isControl ? [] : [...recordsOf(batch)]))
  }

  abortedEntries(): AbortedEntry[] {
    return this.sources.flatMap(({ baseOffset }) => {
      const path = this.#path(baseOffset, '.txnindex')
      return this.disk.exists(path) ? (TransactionIndex.parse(this.disk.get(path), baseOffset) as TransactionIndex).entries : []
    })
  }
}
