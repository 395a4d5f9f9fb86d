/**
 * AlterConfigs and IncrementalAlterConfigs, planned. Pure: which resources may be changed here; what a setting may be, config/dynamic.ts says.
 * Each resource succeeds or fails whole; what is already so is not written again.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import {
  alterBroker,
  alterGroup,
  alterTopic,
  type Change,
  type Outcome,
  replaceBroker,
  replaceGroup,
  replaceTopic,
} from '../config/dynamic.ts'
import type { Settings } from '../config/settings.ts'
import { type ClusterImage } from './image.ts'
import { type Configs, ResourceType, resourceKey } from './resource-configs.ts'
import { configRecord } from './image-records.ts'
import { type Fault, fault, type Plan, repeated } from './plan.ts'
import type { MetadataRecord } from './records.ts'
import { topicNameFault } from './topic-name.ts'

export interface ConfigResourceChange {
  readonly resourceType: number
  readonly resourceName: string
  readonly configs: readonly Change[]
}

export interface ConfigChanged extends Fault {
  readonly resourceType: number
  readonly resourceName: string
}

export interface ConfigContext {
  readonly brokerId: number
  readonly settings: Settings
  readonly validateOnly: boolean
  /** replace: what is not named goes back to its default (AlterConfigs). alter: only what is named changes. */
  readonly mode: 'replace' | 'alter'
}

export function planConfigChanges(resources: readonly ConfigResourceChange[], context: ConfigContext): Plan<ConfigChanged[]> {
  return (image) => {
    const records: MetadataRecord[] = []
    const twice = repeated(resources.map(({ resourceType, resourceName }) => resourceKey(resourceType, resourceName)))
    const reply = resources.map((resource) => {
      const { resourceType, resourceName } = resource
      const isTwice = twice.has(resourceKey(resourceType, resourceName))
      const outcome = isTwice
        ? fault(ErrorCode.INVALID_REQUEST, 'Each resource must appear at most once.')
        : change(resource, image, context)
      if ('errorCode' in outcome) return { resourceType, resourceName, ...outcome }
      records.push(...differences(resourceType, resourceName, image.configsOf(resourceType, resourceName), outcome))
      return { resourceType, resourceName, ...fault(ErrorCode.NONE, null) }
    })
    return { records: context.validateOnly ? [] : records, reply }
  }
}

function change(resource: ConfigResourceChange, image: ClusterImage, context: ConfigContext): Configs | Fault {
  switch (resource.resourceType) {
    case ResourceType.TOPIC:
      return changeTopic(resource, image, context)
    case ResourceType.BROKER:
      return changeBroker(resource, image, context)
    case ResourceType.BROKER_LOGGER:
      if (context.mode === 'alter') return loggerFault(resource, context.brokerId)
      break
    case ResourceType.GROUP:
      return changeGroup(resource, image, context)
    case ResourceType.CLIENT_METRICS:
      return fault(ErrorCode.INVALID_REQUEST, `Settings of resource type ${resource.resourceType} are not supported by this broker.`)
  }
  return fault(ErrorCode.INVALID_REQUEST, `Unknown resource type ${resource.resourceType}`)
}

function changeTopic(
  { resourceName, configs }: ConfigResourceChange,
  image: ClusterImage,
  { settings, mode }: ConfigContext,
): Configs | Fault {
  if (resourceName === '') return fault(ErrorCode.INVALID_REQUEST, 'Default topic resources are not allowed.')
  const wrong = topicNameFault(resourceName)
  if (wrong !== undefined) return fault(ErrorCode.INVALID_TOPIC_EXCEPTION, wrong)
  if (!image.topics.has(resourceName)) {
    return fault(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `The topic '${resourceName}' does not exist.`)
  }
  const current = image.topicConfigs(resourceName)
  const outcome = mode === 'alter' ? alterTopic(current, configs, settings) : replaceTopic(configs, settings)
  return configsAfter(outcome)
}

/** A group need not be there: its settings count as soon as it is. */
function changeGroup(
  { resourceName, configs }: ConfigResourceChange,
  image: ClusterImage,
  { settings, mode }: ConfigContext,
): Configs | Fault {
  if (resourceName === '') return fault(ErrorCode.INVALID_REQUEST, 'Default group resources are not allowed.')
  const current = image.configsOf(ResourceType.GROUP, resourceName)
  return configsAfter(mode === 'alter' ? alterGroup(current, configs, settings) : replaceGroup(configs, settings))
}

function configsAfter(outcome: Outcome): Configs | Fault {
  return 'error' in outcome ? fault(ErrorCode[outcome.error], outcome.message) : outcome.config
}

function changeBroker({ resourceName, configs }: ConfigResourceChange, image: ClusterImage, context: ConfigContext): Configs | Fault {
  const { settings, mode, brokerId } = context
  const wrong = resourceName === '' ? undefined : nodeFault(resourceName, brokerId)
  if (wrong) return wrong
  const layer = resourceName === '' ? 'all brokers' : 'this broker'
  const current = image.configsOf(ResourceType.BROKER, resourceName)
  const outcome = mode === 'alter' ? alterBroker(layer, current, configs, settings) : replaceBroker(layer, configs, settings)
  // Where a topic's setting is INVALID_CONFIG, Kafka says of a broker's that the request is invalid.
  return 'error' in outcome ? fault(ErrorCode.INVALID_REQUEST, outcome.message) : outcome.config
}

function nodeFault(name: string, brokerId: number): Fault | undefined {
  if (!/^-?\d+$/.test(name)) return fault(ErrorCode.INVALID_REQUEST, `Node id must be an integer, but it is: ${name}`)
  if (Number(name) === brokerId) return undefined
  return fault(ErrorCode.INVALID_REQUEST, `Unexpected broker id, expected ${brokerId}, but received ${name}`)
}

/** The broker's own log has one level, a setting; there are no loggers by name. */
function loggerFault({ resourceName, configs }: ConfigResourceChange, brokerId: number): Configs | Fault {
  const wrong = nodeFault(resourceName, brokerId)
  if (wrong) return wrong
  const [first] = configs
  return first ? fault(ErrorCode.INVALID_CONFIG, `Logger ${first.name} does not exist!`) : new Map()
}

function* differences(type: number, name: string, current: Configs, wanted: Configs): Generator<MetadataRecord> {
  for (const [key, value] of wanted) if (current.get(key) !== value) yield configRecord(type, name, key, value)
  for (const key of current.keys()) if (!wanted.has(key)) yield configRecord(type, name, key, null)
}
