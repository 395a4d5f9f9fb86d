/**
 * Settings as DescribeConfigs tells them: value, where it comes from, and what stands behind it.
 * Pure. The order of what stands behind a value is Kafka's: by layer first, and within one by the order of the names.
 */
import { type BrokerSettingName, brokerSettings } from './broker-settings.ts'
import { boundedGroupSettings, groupSettings, groupValues, isGroupSetting } from './group-settings.ts'
import type { Kind, KindName } from './kind.ts'
import { topicValues } from './topic-config.ts'
import type { Layer, Settings } from './settings.ts'
import { isTopicSetting, topicSettings } from './topic-settings.ts'

/** Kafka's numbers for where a value comes from. */
export const ConfigSource = {
  TOPIC_CONFIG: 1,
  DYNAMIC_BROKER_CONFIG: 2,
  DYNAMIC_DEFAULT_BROKER_CONFIG: 3,
  STATIC_BROKER_CONFIG: 4,
  DEFAULT_CONFIG: 5,
  GROUP_CONFIG: 8,
} as const

/** Kafka's numbers for types. */
const configTypes: Readonly<Record<KindName, number>> = {
  boolean: 1,
  string: 2,
  int: 3,
  short: 4,
  long: 5,
  double: 6,
  list: 7,
  class: 8,
  password: 9,
}

export interface DescribedSynonym {
  name: string
  value: string | null
  source: number
}

/** With the field names of DescribeConfigsResponse. */
export interface DescribedConfig {
  name: string
  value: string | null
  readOnly: boolean
  /** Only version 0 has it. */
  isDefault: boolean
  configSource: number
  isSensitive: boolean
  synonyms: DescribedSynonym[]
  configType: number
  documentation: string
}

const layerSources: readonly (readonly [Layer, number])[] = [
  ['this broker', ConfigSource.DYNAMIC_BROKER_CONFIG],
  ['all brokers', ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG],
  ['start', ConfigSource.STATIC_BROKER_CONFIG],
]

/** Settings that stand in for one another, the first that is set counts. */
const families: readonly (readonly BrokerSettingName[])[] = [
  ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'],
  ['log.roll.ms', 'log.roll.hours'],
  ['log.roll.jitter.ms', 'log.roll.jitter.hours'],
  ['log.flush.interval.ms', 'log.flush.scheduler.interval.ms'],
]

/** A topic's settings, of which it has these for its own. @param names all of them if left out. */
export function describeTopic(
  settings: Settings,
  overrides: ReadonlyMap<string, string>,
  names?: readonly string[] | null,
): DescribedConfig[] {
  const values = topicValues(settings.topicDefaults, overrides)
  const wanted = (names ?? Object.keys(topicSettings).sort()).filter(isTopicSetting)
  const own = { overrides, source: ConfigSource.TOPIC_CONFIG }
  return wanted
    .filter((name) => !topicSettings[name].internal)
    .map((name) => describeOwn(settings, own, name, topicSettings[name], values[name]))
}

/** The same for a group. */
export function describeGroup(settings: Settings, kept: ReadonlyMap<string, string>, names?: readonly string[] | null): DescribedConfig[] {
  const overrides = boundedGroupSettings(settings, kept)
  const values = groupValues(settings, overrides)
  const wanted = (names ?? Object.keys(groupSettings).sort()).filter(isGroupSetting)
  const own = { overrides, source: ConfigSource.GROUP_CONFIG }
  return wanted.map((name) => describeOwn(settings, own, name, groupSettings[name], values[name]))
}

type OwnSetting = Pick<Kind<unknown>, 'type' | 'format'> & { readonly doc: string; readonly broker: readonly BrokerSettingName[] }

interface Own {
  readonly overrides: ReadonlyMap<string, string>
  readonly source: number
}

/** A setting that stands before the broker's. */
function describeOwn(settings: Settings, { overrides, source }: Own, name: string, row: OwnSetting, value: unknown): DescribedConfig {
  const text = row.format(value)
  const behind = synonymsOf(settings, row.broker)
  const synonyms = overrides.has(name) ? [{ name, value: text, source }, ...behind] : behind
  return described(name, row, text, synonyms, false, row.doc)
}

/** This broker's settings. */
export function describeBroker(settings: Settings, names?: readonly string[] | null): DescribedConfig[] {
  return wantedBrokerNames(names).map((name) => describeBrokerSetting(settings, name))
}

/** What was changed at run time for all brokers. */
export function describeAllBrokers(settings: Settings, names?: readonly string[] | null): DescribedConfig[] {
  const changed = wantedBrokerNames(names).filter((name) => settings.textIn('all brokers', name) !== undefined)
  return changed.map((name) => {
    const row = brokerSettings[name] as Kind<unknown>
    const value = row.format(row.parse(settings.textIn('all brokers', name) as string))
    const synonyms = [{ name, value, source: ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG }]
    return described(name, row, value, synonyms, false, brokerSettings[name].doc)
  })
}

function wantedBrokerNames(names?: readonly string[] | null): BrokerSettingName[] {
  const all = Object.keys(brokerSettings) as BrokerSettingName[]
  return names ? all.filter((name) => names.includes(name)) : all.sort()
}

function describeBrokerSetting(settings: Settings, name: BrokerSettingName): DescribedConfig {
  const row = brokerSettings[name]
  const text = (row as Kind<unknown>).format(settings.get(name))
  const names = families.find((family) => family.includes(name)) ?? [name]
  const synonyms = synonymsOf(settings, names)
  const own = synonyms.findIndex((synonym) => synonym.name === name)
  return described(name, row, text, own < 0 ? [] : synonyms.slice(own), row.changeable === 'read-only', row.doc)
}

function synonymsOf(settings: Settings, names: readonly BrokerSettingName[]): DescribedSynonym[] {
  const set = layerSources.flatMap(([layer, source]) =>
    names.flatMap((name) => {
      const text = settings.textIn(layer, name)
      return text === undefined ? [] : [{ name, value: shown(brokerSettings[name], text), source }]
    }),
  )
  const defaults = names.flatMap((name) => {
    const row = brokerSettings[name] as Kind<unknown>
    const value = row.format(row.default)
    return value === null ? [] : [{ name, value: shown(row, value), source: ConfigSource.DEFAULT_CONFIG }]
  })
  return [...set, ...defaults]
}

/** Secrets are never told. */
function shown({ type }: Pick<Kind<unknown>, 'type'>, text: string): string | null {
  return type === 'password' ? null : text
}

function described(
  name: string,
  row: Pick<Kind<unknown>, 'type'>,
  text: string | null,
  synonyms: DescribedSynonym[],
  readOnly: boolean,
  documentation: string,
): DescribedConfig {
  const configSource = synonyms[0]?.source ?? ConfigSource.DEFAULT_CONFIG
  return {
    name,
    value: text === null ? null : shown(row, text),
    readOnly,
    isDefault: configSource === ConfigSource.DEFAULT_CONFIG,
    configSource,
    isSensitive: row.type === 'password',
    synonyms,
    configType: configTypes[row.type],
    documentation,
  }
}
