/**
 * Changes to settings while the broker runs: what AlterConfigs, IncrementalAlterConfigs and CreateTopics ask for, checked and applied.
 * Pure: from the texts that are set now to those that would be set, or the reason why not. One bad entry refuses the whole
 * resource, as in Kafka, and the messages are those that Kafka's tools show.
 */
import { brokerSettings, isBrokerSetting } from './broker-settings.ts'
import { ConfigError } from './config-error.ts'
import { groupConflict, groupSettings, isGroupSetting, parseGroupSetting } from './group-settings.ts'
import { InvalidValue, type Kind } from './kind.ts'
import { parseTopicSetting, topicValues } from './topic-config.ts'
import type { Layer, Settings } from './settings.ts'
import { isTopicSetting, topicSettings } from './topic-settings.ts'

/** Settings as texts, by name: only those that were set. */
export type ConfigMap = ReadonlyMap<string, string>

/** As IncrementalAlterConfigs writes it; AlterConfigs and CreateTopics leave the operation out, which is `set`. */
export interface Change {
  name: string
  configOperation?: number
  value: string | null
}

export interface Refusal {
  error: 'INVALID_CONFIG' | 'INVALID_REQUEST'
  message: string
}

export type Outcome = { config: Map<string, string> } | Refusal

export type DynamicLayer = Exclude<Layer, 'start'>

/** A topic's own settings after these changes. */
export function alterTopic(current: ConfigMap, changes: readonly Change[], settings: Settings): Outcome {
  return applied(current, changes, topicScope(settings))
}

/** A topic's own settings when these are all it has: AlterConfigs, CreateTopics. */
export function replaceTopic(entries: readonly Change[], settings: Settings): Outcome {
  return applied(new Map(), entries, topicScope(settings))
}

/** The same for a group. */
export function alterGroup(current: ConfigMap, changes: readonly Change[], settings: Settings): Outcome {
  return applied(current, changes, groupScope(settings))
}

export function replaceGroup(entries: readonly Change[], settings: Settings): Outcome {
  return applied(new Map(), entries, groupScope(settings))
}

/** The same for the settings of one broker, or of all. */
export function alterBroker(layer: DynamicLayer, current: ConfigMap, changes: readonly Change[], settings: Settings): Outcome {
  return applied(current, changes, brokerScope(layer, settings))
}

export function replaceBroker(layer: DynamicLayer, entries: readonly Change[], settings: Settings): Outcome {
  return applied(new Map(), entries, brokerScope(layer, settings))
}

interface Scope {
  kindOf(name: string): Kind<unknown> | undefined
  /** What `append` and `subtract` start from where nothing is set. */
  listNow(name: string): readonly string[]
  /** Throws InvalidValue. */
  check(name: string, text: string): void
  /** What is wrong with them together, if anything. */
  checkTogether(config: ConfigMap): Refusal | undefined
}

const set = 0
const remove = 1
const append = 2
const subtract = 3

function applied(current: ConfigMap, changes: readonly Change[], scope: Scope): Outcome {
  const malformed = malformation(changes)
  if (malformed !== undefined) return { error: 'INVALID_REQUEST', message: malformed }
  const config = new Map(current)
  try {
    for (const change of changes) apply(config, change, scope)
  } catch (error) {
    if (error instanceof InvalidValue) return { error: 'INVALID_CONFIG', message: error.message }
    throw error
  }
  return scope.checkTogether(config) ?? { config }
}

function malformation(changes: readonly Change[]): string | undefined {
  const names = new Set(changes.map(({ name }) => name))
  if (names.size < changes.length) return 'Error due to duplicate config keys'
  const nulls = changes.filter(({ configOperation, value }) => value === null && configOperation !== remove)
  if (nulls.length > 0) return `Null value not supported for : ${nulls.map(({ name }) => name).join(',')}`
  const strange = changes.find(({ configOperation = set }) => configOperation < set || configOperation > subtract)
  return strange && `Unknown operation type ${strange.configOperation} for config key ${strange.name}`
}

function apply(config: Map<string, string>, { name, configOperation = set, value }: Change, scope: Scope): void {
  if (configOperation === remove) {
    config.delete(name)
    return
  }
  const text = configOperation === set ? (value as string) : mergedList(config, name, configOperation, value as string, scope)
  scope.check(name, text)
  config.set(name, text)
}

function mergedList(config: ConfigMap, name: string, operation: number, value: string, scope: Scope): string {
  const kind = scope.kindOf(name)
  if (kind && kind.type !== 'list') {
    throw new InvalidValue(`Can't ${operation === append ? 'APPEND' : 'SUBTRACT'} to key ${name} because its type is not LIST.`)
  }
  const text = config.get(name)
  const parts = text === undefined ? scope.listNow(name) : splitList(text)
  const named = splitList(value)
  const merged = operation === append ? [...new Set([...parts, ...named])] : parts.filter((part) => !named.includes(part))
  return merged.join(',')
}

function splitList(text: string): string[] {
  return text.trim() === '' ? [] : text.split(',').map((part) => part.trim())
}

function topicScope(settings: Settings): Scope {
  return {
    kindOf: (name) => (isTopicSetting(name) ? topicSettings[name] : undefined),
    listNow: (name) => (isTopicSetting(name) ? (settings.topicDefaults[name] as readonly string[]) : []),
    check: checkTopicSetting,
    checkTogether: (config) => topicConflict(config, settings),
  }
}

const tiered = new Set(['remote.storage.enable', 'remote.log.copy.disable', 'remote.log.delete.on.disable'])

function checkTopicSetting(name: string, text: string): void {
  const value = parseTopicSetting(name, text)
  if (value === true && tiered.has(name)) throw new InvalidValue(`${name} cannot be true: this broker has no tiered storage`)
}

function topicConflict(config: ConfigMap, settings: Settings): Refusal | undefined {
  const values = topicValues(settings.topicDefaults, config)
  const least = values['min.compaction.lag.ms']
  const most = values['max.compaction.lag.ms']
  if (least <= most) return undefined
  return {
    error: 'INVALID_CONFIG',
    message: `conflict topic config setting min.compaction.lag.ms (${least}) > max.compaction.lag.ms (${most})`,
  }
}

function groupScope(settings: Settings): Scope {
  return {
    kindOf: (name) => (isGroupSetting(name) ? groupSettings[name] : undefined),
    listNow: () => [],
    check: parseGroupSetting,
    checkTogether: (config) => {
      const message = groupConflict(settings, config)
      return message === undefined ? undefined : { error: 'INVALID_CONFIG', message }
    },
  }
}

function brokerScope(layer: DynamicLayer, settings: Settings): Scope {
  return {
    kindOf: (name) => (isBrokerSetting(name) ? brokerSettings[name] : undefined),
    listNow: (name) => (isBrokerSetting(name) ? (settings.get(name) as readonly string[]) : []),
    check: checkBrokerSetting,
    checkTogether: (config) => unchangeable(config, layer) ?? brokerConflict(config, layer, settings),
  }
}

function checkBrokerSetting(name: string, text: string): void {
  if (!isBrokerSetting(name)) throw new InvalidValue(`Unknown broker config name: ${name}`)
  try {
    brokerSettings[name].parse(text)
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error
    throw new InvalidValue(`Invalid value ${text} for configuration ${name}: ${error.message}`)
  }
}

function unchangeable(config: ConfigMap, layer: DynamicLayer): Refusal | undefined {
  const names = [...config.keys()].filter(isBrokerSetting)
  const fixed = names.filter((name) => brokerSettings[name].changeable === 'read-only')
  if (fixed.length > 0) return { error: 'INVALID_REQUEST', message: `Cannot update these configs dynamically: [${fixed.join(', ')}]` }
  const single = names.filter((name) => layer === 'all brokers' && brokerSettings[name].changeable === 'per-broker')
  if (single.length === 0) return undefined
  const message = `Cannot update these configs at default cluster level, broker id must be specified: [${single.join(', ')}]`
  return { error: 'INVALID_REQUEST', message }
}

function brokerConflict(config: ConfigMap, layer: DynamicLayer, settings: Settings): Refusal | undefined {
  try {
    settings.withLayer(layer, config)
    return undefined
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { error: 'INVALID_REQUEST', message: error.message }
  }
}
