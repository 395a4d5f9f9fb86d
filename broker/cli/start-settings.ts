/** The settings of a broker that is started by the command: from the file, the environment and the flags, in words that name each. */
import { readFileSync } from 'node:fs'
import { parseHostPort } from '../config/listeners.ts'
import { type Parsed, parseSettings } from '../config/parse.ts'
import { UsageError } from './exit.ts'

export interface StartInput {
  readonly config: string | undefined
  readonly listen: string | undefined
  readonly http: string | undefined
  readonly data: string | undefined
  readonly set: readonly string[]
}

/** The environment's words to the other commands: no settings of a broker. */
const environmentOfClients = new Set(['STELE_BOOTSTRAP', 'STELE_CLIENT_CONFIG'])

/** Throws UsageError or ConfigError. */
export function startSettings(input: StartInput, environment: Readonly<Record<string, string | undefined>>): Parsed {
  const ours = Object.fromEntries(Object.entries(environment).filter(([name]) => !environmentOfClients.has(name)))
  const flags = [...listenFlags(input, ours), ...input.set]
  if (input.http !== undefined) flags.push(`stele.http.listener=${httpOf(input.http)}`)
  if (input.data !== undefined) flags.push(`log.dirs=${dataOf(input.data)}`)
  return parseSettings({ ...(input.config === undefined ? {} : { file: readConfig(input.config) }), environment: ours, flags })
}

function readConfig(path: string): { path: string; text: string } {
  try {
    return { path, text: readFileSync(path, 'utf8') }
  } catch (error) {
    throw new UsageError(`--config must be a file that can be read, not '${path}' (${(error as NodeJS.ErrnoException).code})`, 'start')
  }
}

/** What the file tells clients of its own listeners is not so of this one; a flag or variable that says it is meant for it. */
function listenFlags({ listen }: StartInput, environment: Readonly<Record<string, string | undefined>>): string[] {
  if (listen === undefined) return []
  if (!parseHostPort(listen)) throw new UsageError(`--listen must be HOST:PORT, not '${listen}'`, 'start')
  const isTold = environment['STELE_ADVERTISED_LISTENERS'] !== undefined
  return [`listeners=PLAINTEXT://${listen}`, ...(isTold ? [] : ['advertised.listeners='])]
}

function httpOf(text: string): string {
  if (text !== 'off' && !parseHostPort(text)) throw new UsageError(`--http must be HOST:PORT or off, not '${text}'`, 'start')
  return text
}

function dataOf(path: string): string {
  if (path === '' || path.includes(','))
    throw new UsageError(`--data must be one directory, without a comma in its name, not '${path}'`, 'start')
  return path
}
