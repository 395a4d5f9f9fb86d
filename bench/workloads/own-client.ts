/** The load's own client: how workloads open it, make topics, send and read. All that they know of its API stands here. */
import { ClientError, type ReadRecord, type Producer, type ProducerRecord, Stele } from '../../client/index.ts'
import type { Load, Target } from '../plan.ts'

export function open(bootstrap: string): Stele {
  return new Stele({ bootstrap, clientId: 'stele-bench' })
}

export function producerOf(stele: Stele, { acks, codec, batchBytes, lingerMs }: Load): Producer {
  return stele.producer({ acks, compression: codec, batchBytes, lingerMs, createTopics: false })
}

/** Of a name that nobody has. */
export async function freshTopic({ bootstrap }: Target, purpose: string, { partitions, replicationFactor }: Load): Promise<string> {
  const name = `bench-${purpose}-${Date.now().toString(36)}-${process.pid}`
  await using stele = open(bootstrap)
  await stele.topics.create([{ name, partitions, replicationFactor }])
  return name
}

export async function deleteTopic({ bootstrap }: Target, topic: string): Promise<void> {
  await using stele = open(bootstrap)
  await stele.topics.delete([topic]).catch((error: unknown) => {
    // Asked twice, where the first answer was lost: it is gone.
    if (!(error instanceof ClientError && error.code === 'UNKNOWN_TOPIC_OR_PARTITION')) throw error
  })
}

export interface Reading {
  readonly topic: string
  /** All if left out. */
  readonly partitions?: readonly number[]
  readonly from: 'beginning' | 'end'
  /** Once through what is there, instead of waiting for more. */
  readonly once?: boolean
  readonly signal: AbortSignal
  /** It knows where it begins. */
  readonly onBegin?: () => void
}

export async function read(
  stele: Stele,
  { topic, once = false, onBegin, ...where }: Reading,
  got: (records: readonly ReadRecord[]) => void,
): Promise<void> {
  const options = { ...where, untilEnd: once, ...(onBegin && { onStart: onBegin }) }
  for await (const records of stele.reader().batches(topic, options)) {
    if (where.signal.aborted) return
    got(records)
  }
}

export function bytesOf(records: readonly ReadRecord[]): number {
  let bytes = 0
  for (const { key, value } of records) bytes += (key?.length ?? 0) + (value?.length ?? 0)
  return bytes
}

/** So many go with one send, when it goes as fast as it can: a batch full, but not thousands. */
export function recordsPerSend({ size, batchBytes }: Load): number {
  return Math.max(1, Math.min(500, Math.floor(batchBytes / (size + 16))))
}

const distinctValues = 64
const letters = 'etaoin shrdlu{}":,0123456789'

/** Records whose values compress as text does: letters by a fixed sequence, so that every run sends the same. */
export function recordsOf(count: number, size: number): ProducerRecord[] {
  let state = 1
  const values = Array.from({ length: Math.min(count, distinctValues) }, () => {
    const value = Buffer.allocUnsafe(size)
    for (let at = 0; at < size; at++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      value[at] = letters.charCodeAt((state >>> 16) % letters.length)
    }
    return value
  })
  return Array.from({ length: count }, (_, nth) => ({ value: values[nth % values.length] as Buffer }))
}
