/** A plan: what a change would write and answer, given the image that it would change. Pure, so that a plan can be made again. */
import type { ClusterImage } from './image.ts'
import type { MetadataRecord } from './records.ts'

export interface Planned<R> {
  readonly records: readonly MetadataRecord[]
  readonly reply: R
}

/** @param end the offset that the first record would have. */
export type Plan<R> = (image: ClusterImage, end: number) => Planned<R>

/** Refused, in the words of Kafka's own protocol. */
export interface Fault {
  readonly errorCode: number
  readonly errorMessage: string | null
}

export function fault(errorCode: number, errorMessage: string | null): Fault {
  return { errorCode, errorMessage }
}

/** What is in the list more than once. */
export function repeated<T>(list: Iterable<T>): Set<T> {
  const seen = new Set<T>()
  const again = new Set<T>()
  for (const item of list) (seen.has(item) ? again : seen).add(item)
  return again
}
