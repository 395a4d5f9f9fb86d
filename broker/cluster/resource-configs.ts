/**
 * Settings as the metadata keeps them: texts by name, for each resource, and which of them this broker can use. What others wrote there (Apache Kafka, a later Stele) may have names or values that
 * mean nothing here: those are kept in the log and in snapshots, and left out wherever settings are applied or described.
 */
import { brokerSettings, isBrokerSetting } from '../config/broker-settings.ts'
import { parseGroupSetting } from '../config/group-settings.ts'
import { InvalidValue } from '../config/kind.ts'
import { parseTopicSetting } from '../config/topic-config.ts'

/** ConfigResource types, as numbers on the wire. */
export const ResourceType = { TOPIC: 2, BROKER: 4, BROKER_LOGGER: 8, CLIENT_METRICS: 16, GROUP: 32 } as const

/** Settings of one resource by name. */
export type Configs = ReadonlyMap<string, string>

export function resourceKey(type: number, resource: string): string {
  return `${type}/${resource}`
}

export function parseResourceKey(key: string): { type: number; resource: string } {
  const slash = key.indexOf('/')
  return { type: Number(key.slice(0, slash)), resource: key.slice(slash + 1) }
}

/** Configs are values: what was found of one holds for good. */
const known = new WeakMap<Configs, Configs>()

export function usableConfigs(resourceType: number, configs: Configs): Configs {
  const found = known.get(configs)
  if (found) return found
  const usable = new Map([...configs].filter(([name, text]) => isUsable(resourceType, name, text)))
  const kept = usable.size === configs.size ? configs : usable
  known.set(configs, kept)
  return kept
}

function isUsable(resourceType: number, name: string, text: string): boolean {
  try {
    if (resourceType === ResourceType.TOPIC) parseTopicSetting(name, text)
    else if (resourceType === ResourceType.GROUP) parseGroupSetting(name, text)
    else if (resourceType === ResourceType.BROKER) {
      if (!isBrokerSetting(name) || brokerSettings[name].changeable === 'read-only') return false
      brokerSettings[name].parse(text)
    }
    return true
  } catch (error) {
    if (error instanceof InvalidValue) return false
    throw error
  }
}
