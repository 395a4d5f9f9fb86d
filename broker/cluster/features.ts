/**
 * The features that a cluster agrees on (KIP-584): which levels this broker can do, which of them the metadata has finalized, and how
 * UpdateFeatures changes that. Pure. A cluster that is new begins with the levels written here, as Kafka's `format` does; one that is
 * older keeps its own until someone raises them.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import type { ClusterImage } from './image.ts'
import { type Fault, fault, type Plan } from './plan.ts'
import type { MetadataRecord } from './records.ts'

export interface SupportedFeature {
  readonly name: string
  readonly minSupportedVersion: number
  readonly maxSupportedVersion: number
}

export const metadataVersion = 'metadata.version'
const groupVersionFeature = 'group.version'
const transactionVersionFeature = 'transaction.version'

export const supportedFeatures: readonly SupportedFeature[] = [
  // From IBP_3_3_IV3 to 4.3-IV0, whose records are the newest that are known here.
  { name: metadataVersion, minSupportedVersion: 7, maxSupportedVersion: 30 },
  // 1: the group protocol of KIP-848.
  { name: groupVersionFeature, minSupportedVersion: 0, maxSupportedVersion: 1 },
  // 2: every end of a transaction bumps its producer's epoch (KIP-890).
  { name: transactionVersionFeature, minSupportedVersion: 0, maxSupportedVersion: 2 },
]

export const initialLevels: readonly { readonly name: string; readonly featureLevel: number }[] = [
  // IBP_4_0_IV3: the records that are written here, and what Kafka 4.0 and later can read.
  { name: metadataVersion, featureLevel: 25 },
  { name: groupVersionFeature, featureLevel: 1 },
  { name: transactionVersionFeature, featureLevel: 2 },
]

/** The version of transactions that is finalized. A later one than is known here includes all of 2. */
export function transactionVersion({ features }: ClusterImage): 0 | 1 | 2 {
  const level = features.get(transactionVersionFeature) ?? 0
  return level >= 2 ? 2 : level === 1 ? 1 : 0
}

/** Whether the cluster has agreed on the group protocol of KIP-848. */
export function knowsConsumerGroups({ features }: ClusterImage): boolean {
  return (features.get(groupVersionFeature) ?? 0) >= 1
}

/** Levels of metadata.version with records that the level before cannot read: there is no way back below them. */
const metadataChanges: readonly number[] = [8, 11, 13, 14, 15, 17, 23, 30]

/** As UpdateFeatures numbers them. */
const UpgradeType = { UPGRADE: 1, SAFE_DOWNGRADE: 2, UNSAFE_DOWNGRADE: 3 } as const

export interface FeatureUpdate {
  readonly feature: string
  readonly maxVersionLevel: number
  readonly upgradeType: number
}

/** All of them or none. Of several updates of one feature the last one counts, as in Kafka. */
export function planUpdateFeatures(
  updates: readonly FeatureUpdate[],
  { brokerId, validateOnly }: { readonly brokerId: number; readonly validateOnly: boolean },
): Plan<Fault> {
  return ({ features }) => {
    const records: MetadataRecord[] = []
    for (const update of new Map(updates.map((update) => [update.feature, update])).values()) {
      const { feature: name, maxVersionLevel: featureLevel } = update
      const current = features.get(name) ?? 0
      const wrong = updateFault(update, current, brokerId)
      if (wrong !== undefined) {
        const message = `The update failed for all features since the following feature had an error: ${wrong}`
        return { records: [], reply: fault(ErrorCode.INVALID_UPDATE_VERSION, message) }
      }
      if (featureLevel !== current) records.push({ name: 'FeatureLevelRecord', value: { name, featureLevel } })
    }
    return { records: validateOnly ? [] : records, reply: fault(ErrorCode.NONE, null) }
  }
}

/** What is wrong with an update, if anything, in Kafka's words. */
function updateFault(
  { feature, maxVersionLevel: level, upgradeType }: FeatureUpdate,
  current: number,
  brokerId: number,
): string | undefined {
  const reason = unsupported(feature, level, upgradeType, brokerId) ?? wrongDirection(level, current, upgradeType)
  if (reason !== undefined) return `Invalid update version ${level} for feature ${feature}. ${reason}`
  if (feature !== metadataVersion || !metadataChanges.some((change) => level < change && change <= current)) return undefined
  const refusal =
    upgradeType === UpgradeType.UNSAFE_DOWNGRADE
      ? 'Unsafe metadata downgrade is not supported in this version.'
      : 'Refusing to perform the requested downgrade because it might delete metadata information.'
  return `Unsupported metadata.version downgrade from ${current} to ${level}. ${refusal}`
}

function unsupported(feature: string, level: number, upgradeType: number, brokerId: number): string | undefined {
  if (!Object.values<number>(UpgradeType).includes(upgradeType)) return 'The controller does not support the given upgrade type.'
  if (level < 0) return 'A feature version cannot be less than 0.'
  const row = supportedFeatures.find(({ name }) => name === feature)
  if (!row) return level === 0 ? `Feature ${feature} not found.` : `Local controller ${brokerId} does not support this feature.`
  const { minSupportedVersion: least, maxSupportedVersion: most } = row
  return level < least || level > most ? `Local controller ${brokerId} only supports versions ${least}-${most}` : undefined
}

function wrongDirection(level: number, current: number, upgradeType: number): string | undefined {
  if (level < current && upgradeType === UpgradeType.UPGRADE) {
    return "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade."
  }
  return level > current && upgradeType !== UpgradeType.UPGRADE ? "Can't downgrade to a newer version." : undefined
}
