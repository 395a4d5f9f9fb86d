/**
 * ListConfigResources (key 74): the names of all that has settings, by type (KIP-1142).
 * Version 0 asked for client metrics alone, under another name; there are none here. Groups are those that have settings of their own.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { ListConfigResourcesRequest, ListConfigResourcesResponse } from '../../client/protocol/messages/list-config-resources.ts'
import { parseResourceKey, ResourceType } from '../cluster/resource-configs.ts'
import { api } from './handler.ts'
import type { Services } from './services.ts'

const { TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP } = ResourceType
const listed: readonly number[] = [TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP]

export const listConfigResources = api({
  request: ListConfigResourcesRequest,
  response: ListConfigResourcesResponse,
  versions: [0, 1],
  handle({ resourceTypes }, { apiVersion }, services) {
    if (apiVersion === 0) return { configResources: [] }
    const types = resourceTypes.length === 0 ? listed : [...new Set(resourceTypes)]
    if (types.some((type) => !listed.includes(type))) return { errorCode: ErrorCode.UNSUPPORTED_VERSION }
    return {
      configResources: types.flatMap((resourceType) =>
        namesOf(resourceType, services).map((resourceName) => ({ resourceType, resourceName })),
      ),
    }
  },
})

function namesOf(resourceType: number, { cluster }: Services): string[] {
  if (resourceType === TOPIC) return [...cluster.image.topics.keys()]
  if (resourceType === BROKER || resourceType === BROKER_LOGGER) return [...cluster.image.brokers.keys()].map(String)
  if (resourceType === CLIENT_METRICS) return []
  const keys = [...cluster.image.configs.keys()].map(parseResourceKey)
  return keys.filter(({ type }) => type === resourceType).map(({ resource }) => resource)
}
