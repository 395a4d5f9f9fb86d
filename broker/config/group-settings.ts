/**
 * Every setting that a group can have for its own, once, with the broker's settings that give its default and bound it.
 * Those of Kafka's share and streams groups come with these groups, and are unknown until then.
 */
import { type BrokerSettingName, brokerSettings } from './broker-settings.ts'
import { InvalidValue, type Kind } from './kind.ts'
import type { Settings } from './settings.ts'

type What = 'session.timeout' | 'heartbeat.interval' | 'assignment.interval'

export interface GroupSetting extends Kind<number> {
  readonly doc: string
  /** Of the broker: what counts for groups that have none of their own. */
  readonly broker: readonly [`group.consumer.${What}.ms` & BrokerSettingName]
  readonly least: `group.consumer.min.${What}.ms` & BrokerSettingName
  readonly most: `group.consumer.max.${What}.ms` & BrokerSettingName
}

function consumer(what: What, doc: string): GroupSetting {
  const broker = `group.consumer.${what}.ms` as const
  const { type, default: initially, allowed, parse, format } = brokerSettings[broker]
  const bounds = { least: `group.consumer.min.${what}.ms`, most: `group.consumer.max.${what}.ms` } as const
  return { type, default: initially, allowed, parse, format, doc, broker: [broker], ...bounds }
}

export const groupSettings = {
  'consumer.heartbeat.interval.ms': consumer('heartbeat.interval', 'How often members of this consumer group are told to send heartbeats.'),
  'consumer.session.timeout.ms': consumer('session.timeout', 'How long a member of this consumer group may be silent.'),
  'consumer.assignment.interval.ms': consumer(
    'assignment.interval',
    'This consumer group makes a new assignment no sooner after the last.',
  ),
}

export type GroupSettingName = keyof typeof groupSettings

export function isGroupSetting(name: string): name is GroupSettingName {
  return Object.hasOwn(groupSettings, name)
}

/** One setting's value, or InvalidValue in the words that Kafka's tools know. */
export function parseGroupSetting(name: string, text: string): number {
  if (!isGroupSetting(name)) throw new InvalidValue(`Unknown group config name: ${name}`)
  try {
    return groupSettings[name].parse(text)
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error
    throw new InvalidValue(`Invalid value ${text} for configuration ${name}: ${error.message}`)
  }
}

/** A group's values in whole, the broker's standing in for what it leaves open. Throws InvalidValue. */
export function groupValues(settings: Settings, overrides: ReadonlyMap<string, string>): Record<GroupSettingName, number> {
  const values = Object.fromEntries(Object.entries(groupSettings).map(([name, { broker }]) => [name, settings.get(broker[0])]))
  for (const [name, text] of overrides) values[name] = parseGroupSetting(name, text)
  return values as Record<GroupSettingName, number>
}

/**
 * A group's own settings as they count: the broker's bounds may have become narrower since they were set, and then the nearest value
 * counts, or the broker's where session and heartbeats no longer fit together.
 */
export function boundedGroupSettings(settings: Settings, overrides: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  if (groupConflict(settings, overrides) === undefined) return overrides
  const bounded = new Map(overrides)
  for (const [name, { least, most }] of Object.entries(groupSettings)) {
    const text = overrides.get(name)
    if (text === undefined) continue
    const value = Math.min(Math.max(parseGroupSetting(name, text), settings.get(least)), settings.get(most))
    bounded.set(name, String(value))
  }
  if (groupConflict(settings, bounded) !== undefined)
    for (const name of ['consumer.session.timeout.ms', 'consumer.heartbeat.interval.ms']) bounded.delete(name)
  return bounded
}

/** What is wrong with a group's own settings, each alone being readable; undefined where nothing is. */
export function groupConflict(settings: Settings, overrides: ReadonlyMap<string, string>): string | undefined {
  if (overrides.size === 0) return undefined
  const values = groupValues(settings, overrides)
  for (const [name, { least, most }] of Object.entries(groupSettings)) {
    const value = values[name as GroupSettingName]
    if (value < settings.get(least)) return `${name} must be greater than or equal to ${least}`
    if (value > settings.get(most)) return `${name} must be less than or equal to ${most}`
  }
  if (values['consumer.session.timeout.ms'] > values['consumer.heartbeat.interval.ms']) return undefined
  return 'consumer.session.timeout.ms must be greater than consumer.heartbeat.interval.ms'
}
