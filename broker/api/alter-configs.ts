/** AlterConfigs (key 33): all settings of a resource at once; what is not named goes back to its default. */
import { AlterConfigsRequest, AlterConfigsResponse } from '../../client/protocol/messages/alter-configs.ts'
import { MetadataUnavailable } from '../cluster/cluster.ts'
import { planConfigChanges } from '../cluster/config-changes.ts'
import { api } from './handler.ts'

export const alterConfigs = api({
  request: AlterConfigsRequest,
  response: AlterConfigsResponse,
  versions: [0, 2],
  async handle({ resources, validateOnly }, _context, { cluster, settings }) {
    const { brokerId } = cluster
    const changed = await cluster.change(planConfigChanges(resources, { brokerId, settings, validateOnly, mode: 'replace' }))
    if (!(changed instanceof MetadataUnavailable)) return { responses: changed }
    const { errorCode, errorMessage } = changed
    return { responses: resources.map(({ resourceType, resourceName }) => ({ resourceType, resourceName, errorCode, errorMessage })) }
  },
})
