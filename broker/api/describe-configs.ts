/** DescribeConfigs (key 32): the settings of topics, groups and this broker: value, where it comes from, and what stands behind it. */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { DescribeConfigsRequest, DescribeConfigsResponse } from '../../client/protocol/messages/describe-configs.ts'
import type { Of } from '../../client/protocol/schema.ts'
import { ResourceType } from '../cluster/resource-configs.ts'
import { type Fault, fault } from '../cluster/plan.ts'
import { topicNameFault } from '../cluster/topic-name.ts'
import { type DescribedConfig, describeAllBrokers, describeBroker, describeGroup, describeTopic } from '../config/describe.ts'
import { api } from './handler.ts'
import type { Services } from './services.ts'

type Resource = Of<typeof DescribeConfigsRequest>['resources'][number]

export const describeConfigs = api({
  request: DescribeConfigsRequest,
  response: DescribeConfigsResponse,
  versions: [0, 4],
  handle({ resources, includeSynonyms, includeDocumentation }, { apiVersion }, services) {
    const shown = ({ isDefault, synonyms, documentation, ...config }: DescribedConfig) => ({
      ...config,
      ...(apiVersion === 0 && { isDefault }),
      synonyms: includeSynonyms ? synonyms : [],
      documentation: includeDocumentation ? documentation : null,
    })
    const results = resources.map((resource) => {
      const { resourceType, resourceName } = resource
      const described = describe(resource, services)
      if ('errorCode' in described) return { resourceType, resourceName, ...described }
      return { resourceType, resourceName, errorCode: ErrorCode.NONE, errorMessage: null, configs: described.map(shown) }
    })
    return { results }
  },
})

function describe(resource: Resource, services: Services): DescribedConfig[] | Fault {
  switch (resource.resourceType) {
    case ResourceType.TOPIC:
      return describeTopicResource(resource, services)
    case ResourceType.BROKER:
      return describeBrokerResource(resource, services)
    case ResourceType.BROKER_LOGGER:
      return describeLoggers(resource, services)
    case ResourceType.GROUP:
      return describeGroupResource(resource, services)
    default:
      return fault(ErrorCode.INVALID_REQUEST, `Settings of resource type ${resource.resourceType} are not supported by this broker.`)
  }
}

/** No names, as null, stands for all of them; a name counts once. */
function namesOf({ configurationKeys }: Resource): string[] | null {
  return configurationKeys && configurationKeys.length > 0 ? [...new Set(configurationKeys)] : null
}

function describeTopicResource(resource: Resource, { cluster, settings }: Services): DescribedConfig[] | Fault {
  const { resourceName } = resource
  const wrong = topicNameFault(resourceName)
  if (wrong !== undefined) return fault(ErrorCode.INVALID_TOPIC_EXCEPTION, wrong)
  if (!cluster.image.topics.has(resourceName)) return fault(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, null)
  return describeTopic(settings, cluster.image.topicConfigs(resourceName), namesOf(resource))
}

/** Of any group, there or not: its own settings, and the broker's behind them. */
function describeGroupResource(resource: Resource, { cluster, settings }: Services): DescribedConfig[] | Fault {
  const { resourceName } = resource
  if (resourceName === '') return fault(ErrorCode.INVALID_REQUEST, 'Group name must not be empty')
  return describeGroup(settings, cluster.image.configsOf(ResourceType.GROUP, resourceName), namesOf(resource))
}

function describeBrokerResource(resource: Resource, { cluster, settings }: Services): DescribedConfig[] | Fault {
  const { resourceName } = resource
  if (resourceName === '') return describeAllBrokers(settings, namesOf(resource))
  const wrong = brokerFault(resourceName, `${cluster.brokerId} or empty string,`, cluster.brokerId)
  return wrong ?? describeBroker(settings, namesOf(resource))
}

/** The broker's own log has one level, `stele.log.level`, and no loggers by name. */
function describeLoggers({ resourceName }: Resource, { cluster }: Services): DescribedConfig[] | Fault {
  if (resourceName === '') return fault(ErrorCode.INVALID_REQUEST, 'Broker id must not be empty')
  return brokerFault(resourceName, String(cluster.brokerId), cluster.brokerId) ?? []
}

function brokerFault(name: string, expected: string, brokerId: number): Fault | undefined {
  if (!/^-?\d+$/.test(name)) return fault(ErrorCode.INVALID_REQUEST, `Broker id must be an integer, but it is: ${name}`)
  if (Number(name) === brokerId) return undefined
  return fault(ErrorCode.INVALID_REQUEST, `Unexpected broker id, expected ${expected} but received ${name}`)
}
