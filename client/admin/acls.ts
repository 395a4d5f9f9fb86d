/** Who may do what (KIP-11, KIP-290): access control entries, described, created, deleted. */
import { CreateAclsRequest, CreateAclsResponse } from '../protocol/messages/create-acls.ts'
import { DeleteAclsRequest, DeleteAclsResponse } from '../protocol/messages/delete-acls.ts'
import { DescribeAclsRequest, DescribeAclsResponse } from '../protocol/messages/describe-acls.ts'
import type { CallOptions } from '../network/patience.ts'
import { ErrorCode } from '../protocol/errors.ts'
import { Enumeration } from './enumeration.ts'
import { check, type Outcome, outcome } from './outcome.ts'
import type { Reach } from './reach.ts'

const resourceTypes = new Enumeration({ any: 1, topic: 2, group: 3, cluster: 4, 'transactional-id': 5, 'delegation-token': 6, user: 7 })
const patternTypes = new Enumeration({ any: 1, match: 2, literal: 3, prefixed: 4 })
const operations = new Enumeration({
  any: 1,
  all: 2,
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  alter: 7,
  describe: 8,
  'cluster-action': 9,
  'describe-configs': 10,
  'alter-configs': 11,
  'idempotent-write': 12,
  'create-tokens': 13,
  'describe-tokens': 14,
  'two-phase-commit': 15,
})
const permissions = new Enumeration({ any: 1, deny: 2, allow: 3 })

type NameOf<E> = E extends Enumeration<infer Name> ? Name : never
type Concrete<Name> = Exclude<Name, 'any' | 'match'> | 'unknown'

export type AclResourceType = NameOf<typeof resourceTypes>
export type AclPatternType = NameOf<typeof patternTypes>
export type AclOperation = NameOf<typeof operations> | 'unknown'
export type AclPermission = NameOf<typeof permissions>

export interface Acl {
  readonly resourceType: Concrete<AclResourceType>
  /** `kafka-cluster` of a cluster. */
  readonly resourceName: string
  readonly patternType: Concrete<AclPatternType>
  /** `User:alice`. */
  readonly principal: string
  /** `*`: any. */
  readonly host: string
  readonly operation: Concrete<AclOperation>
  readonly permission: Concrete<AclPermission>
}

export type NewAcl = Omit<Acl, 'patternType' | 'host' | 'resourceType' | 'operation' | 'permission'> & {
  readonly resourceType: Exclude<AclResourceType, 'any'>
  readonly operation: Exclude<AclOperation, 'any' | 'unknown'>
  readonly permission: 'allow' | 'deny'
  /** `literal` if left out. */
  readonly patternType?: 'literal' | 'prefixed'
  /** Any if left out. */
  readonly host?: string
}

/** What is left out matches all. `match`: entries that hold for a resource of that name, whatever their pattern. */
export interface AclFilter {
  readonly resourceType?: AclResourceType
  readonly resourceName?: string
  readonly patternType?: AclPatternType
  readonly principal?: string
  readonly host?: string
  readonly operation?: Exclude<AclOperation, 'unknown'>
  readonly permission?: AclPermission
}

interface AnsweredAcl {
  readonly principal: string
  readonly host: string
  readonly operation: number
  readonly permissionType: number
}

export class AclAdmin {
  readonly #reach: Reach

  constructor(reach: Reach) {
    this.#reach = reach
  }

  /** Throws SECURITY_DISABLED where the cluster has no authorizer. */
  describe(filter: AclFilter = {}, call: CallOptions = {}): Promise<Acl[]> {
    return this.#reach.anywhere(call, async (ask) => {
      const answer = await ask(DescribeAclsRequest, DescribeAclsResponse, filterBody(filter))
      check(answer, 'cannot describe ACLs')
      return answer.resources.flatMap(({ acls, ...resource }) => acls.map((acl) => aclOf({ ...resource, ...acl })))
    })
  }

  create(acls: readonly NewAcl[], call: CallOptions = {}): Promise<Outcome<NewAcl>[]> {
    return this.#reach.controller(call, async (ask) => {
      const creations = acls.map(
        ({ resourceType, resourceName, patternType = 'literal', principal, host = '*', operation, permission }) => ({
          resourceType: resourceTypes.code(resourceType),
          resourceName,
          resourcePatternType: patternTypes.code(patternType),
          principal,
          host,
          operation: operations.code(operation),
          permissionType: permissions.code(permission),
        }),
      )
      const { results } = await ask(CreateAclsRequest, CreateAclsResponse, { creations })
      return acls.map((acl, at) =>
        outcome(acl, results[at] ?? { errorCode: ErrorCode.UNKNOWN_SERVER_ERROR }, `cannot create an ACL of ${acl.principal}`, {}),
      )
    })
  }

  /** By filter: the entries that are gone. */
  delete(
    filters: readonly AclFilter[],
    call: CallOptions = {},
  ): Promise<Outcome<{ readonly filter: AclFilter }, { readonly deleted: Acl[] }>[]> {
    return this.#reach.controller(call, async (ask) => {
      const { filterResults } = await ask(DeleteAclsRequest, DeleteAclsResponse, { filters: filters.map(filterBody) })
      return filters.map((filter, at) => {
        const result = filterResults[at]
        const matching = result?.matchingAcls ?? []
        const refused = matching.find(({ errorCode }) => errorCode !== ErrorCode.NONE)
        const answered = refused ?? result
        const errorCode = answered?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR
        return outcome({ filter }, { errorCode, errorMessage: answered?.errorMessage ?? null }, 'cannot delete ACLs', {
          deleted: matching.map(aclOf),
        })
      })
    })
  }
}

function filterBody(filter: AclFilter) {
  const { resourceType = 'any', patternType = 'any', operation = 'any', permission = 'any' } = filter
  return {
    resourceTypeFilter: resourceTypes.code(resourceType),
    resourceNameFilter: filter.resourceName ?? null,
    patternTypeFilter: patternTypes.code(patternType),
    principalFilter: filter.principal ?? null,
    hostFilter: filter.host ?? null,
    operation: operations.code(operation),
    permissionType: permissions.code(permission),
  }
}

function aclOf(answered: AnsweredAcl & { resourceType: number; resourceName: string; patternType: number }): Acl {
  const { resourceType, resourceName, patternType, principal, host, operation, permissionType } = answered
  return {
    resourceType: resourceTypes.name(resourceType) as Acl['resourceType'],
    resourceName,
    patternType: patternTypes.name(patternType) as Acl['patternType'],
    principal,
    host,
    operation: operations.name(operation) as Acl['operation'],
    permission: permissions.name(permissionType) as Acl['permission'],
  }
}

const notAsked = -2147483648
const operationsMax = 15

/** From the bits in which a broker tells what the client may do; null where it was not asked. */
export function authorizedOperations(bits: number): AclOperation[] | null {
  if (bits === notAsked) return null
  return Array.from({ length: operationsMax + 1 }, (_, code) => code)
    .filter((code) => (bits >> code) & 1)
    .map((code) => operations.name(code))
}
