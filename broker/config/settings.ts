/**
 * The settings of one broker as they stand: an immutable snapshot over the table of broker-settings.ts.
 * Each value comes from the first layer that has it: changed at run time for this broker, changed at run time for all brokers,
 * given at start (file, environment, flag), and at last the table's default. A changed setting is a new snapshot.
 */
import assert from 'node:assert/strict'
import { type BrokerSettingName, type BrokerSettings, brokerSettings, isBrokerSetting } from './broker-settings.ts'
import { ConfigError } from './config-error.ts'
import { checkTogether } from './cross-checks.ts'
import { InvalidValue, type Kind } from './kind.ts'
import { type TopicConfig, topicConfig, topicDefaults } from './topic-config.ts'
import type { ValueOf } from './setting.ts'

/** A setting given at start: its text, and where it stood. */
export interface Given {
  name: string
  text: string
  /** `server.properties:12`, `STELE_NUM_PARTITIONS`, `--set num.partitions`. */
  where: string
}

/** In order of precedence. */
export type Layer = 'this broker' | 'all brokers' | 'start'

interface Held {
  readonly text: string
  readonly value: unknown
  readonly where: string
}

type Holdings = Readonly<Record<Layer, ReadonlyMap<string, Held>>>

/** Settings as code gives them: values, or texts as a file would have them. */
export type Overrides = { readonly [N in BrokerSettingName]?: ValueOf<BrokerSettings[N]> | string }

const none: ReadonlyMap<string, Held> = new Map()

export class Settings {
  static readonly defaults = new Settings({ start: none, 'all brokers': none, 'this broker': none })

  readonly #holdings: Holdings
  #topicDefaults: ReturnType<typeof topicDefaults> | undefined
  #defaultConfig: TopicConfig | undefined

  private constructor(holdings: Holdings) {
    this.#holdings = holdings
  }

  /** Of several for one name the last one counts. Throws ConfigError. */
  static from(given: Iterable<Given>): Settings {
    return Settings.defaults.#changed('start', given).#checked()
  }

  /** The same with these on top of what was given at start. Throws ConfigError. */
  with(overrides: Overrides): Settings {
    const given = Object.entries(overrides).map(([name, value]) => ({ name, text: textOf(name, value), where: '' }))
    return this.#changed('start', given).#checked()
  }

  /** The same with these in place of all that was changed at run time. Throws ConfigError. */
  withDynamic(allBrokers: ReadonlyMap<string, string>, thisBroker: ReadonlyMap<string, string>): Settings {
    return this.#replaced('all brokers', allBrokers).#replaced('this broker', thisBroker).#checked()
  }

  /** The same with these in place of all in one layer. Throws ConfigError. */
  withLayer(layer: Layer, texts: ReadonlyMap<string, string>): Settings {
    return this.#replaced(layer, texts).#checked()
  }

  /** This broker's number: node.id, or broker.id where only that is set. */
  get nodeId(): number {
    const older = this.get('broker.id')
    return this.isSet('node.id') || older < 0 ? this.get('node.id') : older
  }

  get dataDirectory(): string {
    const [directory = this.get('log.dir')[0]] = this.get('log.dirs')
    assert(directory !== undefined, 'there is one data directory')
    return directory
  }

  get<N extends BrokerSettingName>(name: N): ValueOf<BrokerSettings[N]> {
    const held = this.#held(name)
    return (held ? held.value : brokerSettings[name].default) as ValueOf<BrokerSettings[N]>
  }

  /** Whether anyone set it, at start or since. */
  isSet(name: BrokerSettingName): boolean {
    return this.#held(name) !== undefined
  }

  /** Where its value comes from, for messages; empty for a default or a value given by code. */
  whereSet(name: BrokerSettingName): string {
    return this.#held(name)?.where ?? ''
  }

  /** As it was written in that layer, if it was. */
  textIn(layer: Layer, name: BrokerSettingName): string | undefined {
    return this.#holdings[layer].get(name)?.text
  }

  /** What a topic's setting is where the topic says nothing. */
  get topicDefaults(): ReturnType<typeof topicDefaults> {
    this.#topicDefaults ??= topicDefaults(this)
    return this.#topicDefaults
  }

  /** The log's settings for a topic with these of its own, as texts. Throws InvalidValue; what AlterConfigs took is valid. */
  logConfig(overrides: ReadonlyMap<string, string> = new Map()): TopicConfig {
    if (overrides.size > 0) return topicConfig(this.topicDefaults, overrides)
    this.#defaultConfig ??= topicConfig(this.topicDefaults, overrides)
    return this.#defaultConfig
  }

  #held(name: string): Held | undefined {
    const { 'this broker': thisBroker, 'all brokers': allBrokers, start } = this.#holdings
    return thisBroker.get(name) ?? allBrokers.get(name) ?? start.get(name)
  }

  #changed(layer: Layer, given: Iterable<Given>): Settings {
    const held = new Map(this.#holdings[layer])
    for (const { name, text, where } of given) held.set(name, { text, where, value: parsed(name, text, where) })
    return new Settings({ ...this.#holdings, [layer]: held })
  }

  #replaced(layer: Layer, texts: ReadonlyMap<string, string>): Settings {
    const given = [...texts].map(([name, text]) => ({ name, text, where: 'AlterConfigs' }))
    return new Settings({ ...this.#holdings, [layer]: none }).#changed(layer, given)
  }

  #checked(): Settings {
    checkTogether(this)
    return this
  }
}

function textOf(name: string, value: unknown): string {
  if (typeof value === 'string') return value
  if (!isBrokerSetting(name)) throw new ConfigError(name, '', `there is no setting ${name}`)
  return (brokerSettings[name] as Kind<unknown>).format(value) ?? ''
}

function parsed(name: string, text: string, where: string): unknown {
  if (!isBrokerSetting(name)) throw new ConfigError(name, where, `there is no setting ${name}`)
  const { parse, allowed } = brokerSettings[name]
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error
    throw new ConfigError(name, where, `${name} must be ${allowed}, not '${text}'`)
  }
}
