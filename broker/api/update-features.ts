/** UpdateFeatures (key 57): raises or lowers the levels of features that the cluster has agreed on (KIP-584, KIP-778). */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { UpdateFeaturesRequest, UpdateFeaturesResponse } from '../../client/protocol/messages/update-features.ts'
import { planUpdateFeatures } from '../cluster/features.ts'
import { api } from './handler.ts'

export const updateFeatures = api({
  request: UpdateFeaturesRequest,
  response: UpdateFeaturesResponse,
  versions: [0, 2],
  async handle({ featureUpdates, validateOnly }, { apiVersion }, { cluster }) {
    const { brokerId } = cluster
    const { errorCode, errorMessage } = await cluster.change(planUpdateFeatures(featureUpdates, { brokerId, validateOnly }))
    const named = apiVersion <= 1 && errorCode === ErrorCode.NONE
    const results = named ? featureUpdates.map(({ feature }) => ({ feature, errorCode, errorMessage })) : []
    return { errorCode, errorMessage, results }
  },
})
