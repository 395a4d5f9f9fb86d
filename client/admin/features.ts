/** Features that a cluster agrees on (KIP-584): which there are, and at which level. */
import { ApiVersionsRequest, ApiVersionsResponse } from '../protocol/messages/api-versions.ts'
import { UpdateFeaturesRequest, UpdateFeaturesResponse } from '../protocol/messages/update-features.ts'
import type { CallOptions } from '../network/patience.ts'
import { Enumeration } from './enumeration.ts'
import { check } from './outcome.ts'
import type { Reach } from './reach.ts'

export interface FeaturesDescription {
  /** By name: the level that all brokers keep to. */
  readonly finalized: ReadonlyMap<string, number>
  /** Rises with each change; -1: none is known. */
  readonly epoch: number
  /** By name: what the broker that answered could keep to. */
  readonly supported: ReadonlyMap<string, { readonly min: number; readonly max: number }>
}

const updates = new Enumeration({ upgrade: 1, 'safe-downgrade': 2, 'unsafe-downgrade': 3 })

export interface FeatureUpdate {
  readonly feature: string
  /** 0: the feature is given up. */
  readonly level: number
  /** `unsafe-downgrade` may lose what the cluster remembers. `upgrade` if left out. */
  readonly kind?: 'upgrade' | 'safe-downgrade' | 'unsafe-downgrade'
}

export class FeatureAdmin {
  readonly #reach: Reach

  constructor(reach: Reach) {
    this.#reach = reach
  }

  describe(call: CallOptions = {}): Promise<FeaturesDescription> {
    return this.#reach.anywhere(call, async (ask) => {
      const body = { clientSoftwareName: 'stele', clientSoftwareVersion: '0' }
      const answer = await ask(ApiVersionsRequest, ApiVersionsResponse, body)
      check(answer, 'cannot describe features')
      return {
        finalized: new Map(answer.finalizedFeatures.map(({ name, maxVersionLevel }) => [name, maxVersionLevel])),
        epoch: answer.finalizedFeaturesEpoch,
        supported: new Map(
          answer.supportedFeatures.map(({ name, minVersion, maxVersion }) => [name, { min: minVersion, max: maxVersion }]),
        ),
      }
    })
  }

  /** All or none. Throws FEATURE_UPDATE_FAILED, INVALID_UPDATE_VERSION. */
  update(
    changes: readonly FeatureUpdate[],
    { validateOnly = false, ...call }: CallOptions & { validateOnly?: boolean } = {},
  ): Promise<void> {
    return this.#reach.controller(call, async (ask) => {
      const featureUpdates = changes.map(({ feature, level, kind = 'upgrade' }) => ({
        feature,
        maxVersionLevel: level,
        upgradeType: updates.code(kind),
      }))
      const body = { timeoutMs: this.#reach.limitMs(call), featureUpdates, validateOnly }
      const answer = await ask(UpdateFeaturesRequest, UpdateFeaturesResponse, body)
      check(answer, 'cannot update features')
      for (const one of answer.results) check(one, `cannot update feature '${one.feature}'`)
    })
  }
}
