/** IncrementalAlterConfigs (key 44): sets, deletes, appends to and subtracts from single settings; what is not named stays (KIP-339). */
import {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from '../../client/protocol/messages/incremental-alter-configs.ts'
import { MetadataUnavailable } from '../cluster/cluster.ts'
import { planConfigChanges } from '../cluster/config-changes.ts'
import { api } from './handler.ts'

export const incrementalAlterConfigs = api({
  request: IncrementalAlterConfigsRequest,
  response: IncrementalAlterConfigsResponse,
  versions: [0, 1],
  async handle({ resources, validateOnly }, _context, { cluster, settings }) {
    const { brokerId } = cluster
    const changed = await cluster.change(planConfigChanges(resources, { brokerId, settings, validateOnly, mode: 'alter' }))
    if (!(changed instanceof MetadataUnavailable)) return { responses: changed }
    const { errorCode, errorMessage } = changed
    return { responses: resources.map(({ resourceType, resourceName }) => ({ resourceType, resourceName, errorCode, errorMessage })) }
  },
})
