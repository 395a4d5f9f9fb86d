/**
 * From what a person wrote (a properties file, environment variables, flags) to settings.
 * Pure: the texts are read by the caller. A flag counts before the environment, that before the file.
 *
 * An environment variable names a setting in capitals with `_` for `.`, after `STELE_`: STELE_LOG_RETENTION_HOURS is
 * log.retention.hours. Where no such setting exists it is one of Stele's own: STELE_HTTP_LISTENER is stele.http.listener.
 */
import { isBrokerSetting } from './broker-settings.ts'
import { ConfigError } from './config-error.ts'
import { isPassedOver, refusalOf } from './foreign-settings.ts'
import { parseProperties } from './properties.ts'
import { type Given, Settings } from './settings.ts'

export interface Sources {
  file?: { path: string; text: string }
  environment?: Readonly<Record<string, string | undefined>>
  /** `name=value` each. */
  flags?: readonly string[]
}

export interface Parsed {
  settings: Settings
  /** Names that neither Stele nor Kafka knows, with where they stood: for one warning. */
  unknown: { name: string; where: string }[]
}

/** Throws ConfigError: one sentence with the setting, what is allowed and where it was set. */
export function parseSettings({ file, environment = {}, flags = [] }: Sources): Parsed {
  const all = [...(file ? fromFile(file.path, file.text) : []), ...fromEnvironment(environment), ...fromFlags(flags)]
  const given: Given[] = []
  const unknown: Parsed['unknown'] = []
  for (const entry of all) {
    const { name, text, where } = entry
    const refusal = refusalOf(name, text)
    if (refusal !== undefined) throw new ConfigError(name, where, `${name} cannot be set: ${refusal}`)
    if (isBrokerSetting(name)) given.push(entry)
    else if (!isPassedOver(name)) unknown.push({ name, where })
  }
  return { settings: Settings.from(given), unknown }
}

/** The one warning; `undefined` where all is known. */
export function unknownWarning(unknown: Parsed['unknown']): string | undefined {
  if (unknown.length === 0) return undefined
  const names = unknown.map(({ name, where }) => `${name} (${where})`).join(', ')
  return `${unknown.length === 1 ? 'a setting is' : `${unknown.length} settings are`} not known and will have no effect: ${names}`
}

function fromFile(path: string, text: string): Given[] {
  try {
    return parseProperties(text).map(({ name, value, line }) => ({ name, text: value, where: `${path}:${line}` }))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new ConfigError('', path, `${path} is not a properties file: ${error.message}`)
  }
}

const prefix = 'STELE_'

function fromEnvironment(environment: Readonly<Record<string, string | undefined>>): Given[] {
  const found: Given[] = []
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(prefix) || text === undefined) continue
    const name = settingNamed(variable)
    found.push({ name, text, where: variable })
  }
  return found
}

function settingNamed(variable: string): string {
  const name = variable.slice(prefix.length).toLowerCase().replaceAll('_', '.')
  const own = `stele.${name}`
  return !isBrokerSetting(name) && isBrokerSetting(own) ? own : name
}

function fromFlags(flags: readonly string[]): Given[] {
  return flags.map((flag) => {
    const at = flag.indexOf('=')
    if (at < 1) throw new ConfigError(flag, '', `--set must be followed by name=value, not '${flag}'`)
    const name = flag.slice(0, at).trim()
    return { name, text: flag.slice(at + 1), where: `--set ${name}` }
  })
}
