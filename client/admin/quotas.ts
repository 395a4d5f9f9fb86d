/** Quotas of clients (KIP-546): bytes, requests and changes that a user, a client id or an address may have per second. */
import { AlterClientQuotasRequest, AlterClientQuotasResponse } from '../protocol/messages/alter-client-quotas.ts'
import { DescribeClientQuotasRequest, DescribeClientQuotasResponse } from '../protocol/messages/describe-client-quotas.ts'
import type { CallOptions } from '../network/patience.ts'
import { ErrorCode } from '../protocol/errors.ts'
import { Enumeration } from './enumeration.ts'
import { check, type Outcome, outcome } from './outcome.ts'
import type { Reach } from './reach.ts'

/** By `user`, `client-id`, `ip`: its name, or null for the default of all that have none of their own. */
export type QuotaEntity = Readonly<Record<string, string | null>>

/** `producer_byte_rate`, `consumer_byte_rate`, `request_percentage`, `controller_mutation_rate`, `connection_creation_rate`. */
export type QuotaValues = Readonly<Record<string, number>>

export interface ClientQuota {
  readonly entity: QuotaEntity
  readonly values: QuotaValues
}

export interface QuotaChange {
  readonly entity: QuotaEntity
  /** Null: taken away. */
  readonly values: Readonly<Record<string, number | null>>
}

/** By kind of entity: one name, null for the default, or `any` for all that have one. */
export type QuotaFilter = Readonly<Record<string, { readonly name: string } | null | 'any'>>

const matches = new Enumeration({ exact: 0, default: 1, any: 2 })

export class QuotaAdmin {
  readonly #reach: Reach

  constructor(reach: Reach) {
    this.#reach = reach
  }

  /** @param isStrict entities that have other kinds besides are left out. */
  describe(filter: QuotaFilter = {}, { isStrict = false, ...call }: CallOptions & { isStrict?: boolean } = {}): Promise<ClientQuota[]> {
    return this.#reach.anywhere(call, async (ask) => {
      const components = Object.entries(filter).map(([entityType, wanted]) => ({
        entityType,
        matchType: matches.code(wanted === 'any' ? 'any' : wanted === null ? 'default' : 'exact'),
        match: wanted === 'any' || wanted === null ? null : wanted.name,
      }))
      const answer = await ask(DescribeClientQuotasRequest, DescribeClientQuotasResponse, { components, strict: isStrict })
      check(answer, 'cannot describe quotas')
      return (answer.entries ?? []).map(({ entity, values }) => ({
        entity: entityOf(entity),
        values: Object.fromEntries(values.map(({ key, value }) => [key, value])),
      }))
    })
  }

  alter(
    changes: readonly QuotaChange[],
    { validateOnly = false, ...call }: CallOptions & { validateOnly?: boolean } = {},
  ): Promise<Outcome<{ readonly entity: QuotaEntity }>[]> {
    return this.#reach.controller(call, async (ask) => {
      const entries = changes.map(({ entity, values }) => ({
        entity: Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName })),
        ops: Object.entries(values).map(([key, value]) => ({ key, value: value ?? 0, remove: value === null })),
      }))
      const answer = await ask(AlterClientQuotasRequest, AlterClientQuotasResponse, { entries, validateOnly })
      return changes.map(({ entity }) => {
        const found = answer.entries.find((one) => isSame(entityOf(one.entity), entity))
        const { errorCode, errorMessage } = found ?? { errorCode: ErrorCode.UNKNOWN_SERVER_ERROR, errorMessage: null }
        return outcome({ entity }, { errorCode, errorMessage }, `cannot alter the quotas of ${JSON.stringify(entity)}`, {})
      })
    })
  }
}

function entityOf(parts: readonly { entityType: string; entityName: string | null }[]): QuotaEntity {
  return Object.fromEntries(parts.map(({ entityType, entityName }) => [entityType, entityName]))
}

function isSame(a: QuotaEntity, b: QuotaEntity): boolean {
  const kinds = Object.keys(a)
  return kinds.length === Object.keys(b).length && kinds.every((kind) => a[kind] === b[kind])
}
