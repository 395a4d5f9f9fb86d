/** Settings of topics, brokers, their loggers, groups and client metrics: described, altered, and which resources have some. */
import { DescribeConfigsRequest, DescribeConfigsResponse } from '../protocol/messages/describe-configs.ts'
import { IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse } from '../protocol/messages/incremental-alter-configs.ts'
import { ListConfigResourcesRequest, ListConfigResourcesResponse } from '../protocol/messages/list-config-resources.ts'
import type { CallOptions } from '../network/patience.ts'
import { Enumeration } from './enumeration.ts'
import { check, type Outcome, outcome } from './outcome.ts'
import type { Ask, Reach } from './reach.ts'

const resourceTypes = new Enumeration({ topic: 2, broker: 4, 'broker-logger': 8, 'client-metrics': 16, group: 32 })
const operations = new Enumeration({ set: 0, delete: 1, append: 2, subtract: 3 })
const sources = new Enumeration({
  topic: 1,
  'dynamic-broker': 2,
  'dynamic-default-broker': 3,
  'static-broker': 4,
  default: 5,
  'broker-logger': 6,
  'client-metrics': 7,
  group: 8,
})
const valueTypes = new Enumeration({ boolean: 1, string: 2, int: 3, short: 4, long: 5, double: 6, list: 7, class: 8, password: 9 })

type NameOf<E> = E extends Enumeration<infer Name> ? Name : never

export interface ConfigResource {
  readonly type: NameOf<typeof resourceTypes>
  /** A broker's is its id; empty: what holds for all brokers. */
  readonly name: string
}

export interface ConfigEntry {
  readonly name: string
  /** Null of a secret. */
  readonly value: string | null
  readonly source: NameOf<typeof sources> | 'unknown'
  readonly type: NameOf<typeof valueTypes> | 'unknown'
  readonly isReadOnly: boolean
  readonly isSensitive: boolean
  /** Where the value would come from, the first that there is; empty unless asked for. */
  readonly synonyms: readonly { readonly name: string; readonly value: string | null; readonly source: ConfigEntry['source'] }[]
  /** Null unless asked for. */
  readonly documentation: string | null
}

/** Null: back to the default. `append` and `subtract` change lists. */
export type ConfigChange = string | null | { readonly append: string } | { readonly subtract: string }

export interface ConfigChanges extends ConfigResource {
  readonly configs: Readonly<Record<string, ConfigChange>>
}

export interface DescribeConfigsOptions extends CallOptions {
  readonly withSynonyms?: boolean
  readonly withDocumentation?: boolean
}

export class ConfigAdmin {
  readonly #reach: Reach

  constructor(reach: Reach) {
    this.#reach = reach
  }

  async describe(
    resources: readonly (ConfigResource & { readonly names?: readonly string[] })[],
    { withSynonyms = false, withDocumentation = false, ...call }: DescribeConfigsOptions = {},
  ): Promise<Outcome<ConfigResource, { readonly configs: readonly ConfigEntry[] }>[]> {
    return this.#eachWhereItIs(resources, call, async (ask, asked) => {
      const answer = await ask(DescribeConfigsRequest, DescribeConfigsResponse, {
        resources: asked.map(({ type, name, names }) => ({
          resourceType: resourceTypes.code(type),
          resourceName: name,
          configurationKeys: names ? [...names] : null,
        })),
        includeSynonyms: withSynonyms,
        includeDocumentation: withDocumentation,
      })
      return answer.results.map(({ errorCode, errorMessage, resourceType, resourceName, configs }) => {
        const type = resourceTypes.name(resourceType) as ConfigResource['type']
        const what = `cannot describe the settings of ${type} '${resourceName}'`
        return outcome({ type, name: resourceName }, { errorCode, errorMessage }, what, { configs: configs.map(entryOf) })
      })
    })
  }

  async alter(
    changes: readonly ConfigChanges[],
    { validateOnly = false, ...call }: CallOptions & { validateOnly?: boolean } = {},
  ): Promise<Outcome<ConfigResource>[]> {
    return this.#eachWhereItIs(changes, call, async (ask, asked) => {
      const resources = asked.map(({ type, name, configs }) => ({
        resourceType: resourceTypes.code(type),
        resourceName: name,
        configs: Object.entries(configs).map(([key, change]) => ({ name: key, ...changeFields(change) })),
      }))
      const { responses } = await ask(IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, { resources, validateOnly })
      return responses.map(({ errorCode, errorMessage, resourceType, resourceName }) => {
        const type = resourceTypes.name(resourceType) as ConfigResource['type']
        return outcome({ type, name: resourceName }, { errorCode, errorMessage }, `cannot alter ${type} '${resourceName}'`, {})
      })
    })
  }

  /** Which resources of these types have settings of their own (KIP-1142); client metrics alone where the broker knows no other. */
  resources(types: readonly ConfigResource['type'][] = [], call: CallOptions = {}): Promise<ConfigResource[]> {
    return this.#reach.anywhere(call, async (ask) => {
      const body = { resourceTypes: types.map((type) => resourceTypes.code(type)) }
      const answer = await ask(ListConfigResourcesRequest, ListConfigResourcesResponse, body)
      check(answer, 'cannot list the resources that have settings')
      return answer.configResources.map(({ resourceName, resourceType }) => ({
        type: resourceTypes.name(resourceType) as ConfigResource['type'],
        name: resourceName,
      }))
    })
  }

  /** A broker's own settings are the broker's to tell and to change; all others anybody's. */
  async #eachWhereItIs<R extends ConfigResource, T>(
    resources: readonly R[],
    call: CallOptions,
    act: (ask: Ask, resources: readonly R[]) => Promise<T[]>,
  ): Promise<T[]> {
    const isBrokers = ({ type, name }: ConfigResource) => (type === 'broker' || type === 'broker-logger') && name !== ''
    const common = resources.filter((one) => !isBrokers(one))
    const asked = common.length > 0 ? [this.#reach.controller(call, (ask) => act(ask, common))] : []
    for (const id of new Set(resources.filter(isBrokers).map(({ name }) => name))) {
      const own = resources.filter((one) => isBrokers(one) && one.name === id)
      asked.push(this.#reach.broker(Number(id), call, (ask) => act(ask, own)))
    }
    return (await Promise.all(asked)).flat()
  }
}

function changeFields(change: ConfigChange): { configOperation: number; value: string | null } {
  if (change === null) return { configOperation: operations.code('delete'), value: null }
  if (typeof change === 'string') return { configOperation: operations.code('set'), value: change }
  if ('append' in change) return { configOperation: operations.code('append'), value: change.append }
  return { configOperation: operations.code('subtract'), value: change.subtract }
}

function entryOf(config: DescribeConfigsResponse['results'][number]['configs'][number]): ConfigEntry {
  const { name, value, configSource, configType, readOnly, isSensitive, synonyms, documentation } = config
  return {
    name,
    value: isSensitive ? null : value,
    source: sources.name(configSource),
    type: valueTypes.name(configType),
    isReadOnly: readOnly,
    isSensitive,
    synonyms: synonyms.map((one) => ({ name: one.name, value: one.value, source: sources.name(one.source) })),
    documentation: documentation === '' ? null : documentation,
  }
}
