/**
 * The features that a cluster agrees on (KIP-584): which levels this broker can do, and which of them the metadata has finalized.
 * A cluster that is new begins with the levels written here, as Kafka's `format` does; one that is older keeps its own.
 */
import type { ClusterImage } from './image.ts'

export interface SupportedFeature {
  readonly name: string
  readonly minSupportedVersion: number
  readonly maxSupportedVersion: number
}

export const metadataVersion = 'metadata.version'
const transactionVersionFeature = 'transaction.version'

export const supportedFeatures: readonly SupportedFeature[] = [
  // From IBP_3_3_IV3 to 4.3-IV0, whose records are the newest that are known here.
  { name: metadataVersion, minSupportedVersion: 7, maxSupportedVersion: 30 },
  // 2: every end of a transaction bumps its producer's epoch (KIP-890).
  { name: transactionVersionFeature, minSupportedVersion: 0, maxSupportedVersion: 2 },
]

export const initialLevels: readonly { readonly name: string; readonly featureLevel: number }[] = [
  // IBP_4_0_IV3: the records that are written here, and what Kafka 4.0 and later can read.
  { name: metadataVersion, featureLevel: 25 },
  { name: transactionVersionFeature, featureLevel: 2 },
]

/** The version of transactions that is finalized. A later one than is known here includes all of 2. */
export function transactionVersion({ features }: ClusterImage): 0 | 1 | 2 {
  const level = features.get(transactionVersionFeature) ?? 0
  return level >= 2 ? 2 : level === 1 ? 1 : 0
}
