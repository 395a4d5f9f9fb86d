/** Delegation tokens (KIP-48): made, renewed, ended, described. Only a client that is authenticated by something else may make one. */
import { CreateDelegationTokenRequest, CreateDelegationTokenResponse } from '../protocol/messages/create-delegation-token.ts'
import { DescribeDelegationTokenRequest, DescribeDelegationTokenResponse } from '../protocol/messages/describe-delegation-token.ts'
import { ExpireDelegationTokenRequest, ExpireDelegationTokenResponse } from '../protocol/messages/expire-delegation-token.ts'
import { RenewDelegationTokenRequest, RenewDelegationTokenResponse } from '../protocol/messages/renew-delegation-token.ts'
import type { CallOptions } from '../network/patience.ts'
import { check } from './outcome.ts'
import type { Reach } from './reach.ts'

/** Times are milliseconds since the Unix epoch. Principals are `User:alice`. */
export interface DelegationToken {
  /** The user name for SCRAM, with `hmac` in base64 as the password. */
  readonly tokenId: string
  readonly hmac: Uint8Array
  readonly owner: string
  readonly requester: string
  readonly issuedAt: number
  readonly expiresAt: number
  /** Not renewed beyond. */
  readonly endsAt: number
}

export interface NewDelegationToken {
  /** Who may renew it besides the owner. */
  readonly renewers?: readonly string[]
  /** For somebody else (KIP-373). */
  readonly owner?: string
  /** The broker's most if left out. */
  readonly lifetimeMs?: number
}

export class DelegationTokenAdmin {
  readonly #reach: Reach

  constructor(reach: Reach) {
    this.#reach = reach
  }

  /** Throws DELEGATION_TOKEN_AUTH_DISABLED, DELEGATION_TOKEN_REQUEST_NOT_ALLOWED. */
  create({ renewers = [], owner, lifetimeMs = -1 }: NewDelegationToken = {}, call: CallOptions = {}): Promise<DelegationToken> {
    return this.#reach.controller(call, async (ask) => {
      const behalf = owner === undefined ? { ownerPrincipalType: null, ownerPrincipalName: null } : ownerFields(owner)
      const body = { ...behalf, renewers: renewers.map(principalFields), maxLifetimeMs: lifetimeMs }
      const answer = await ask(CreateDelegationTokenRequest, CreateDelegationTokenResponse, body)
      check(answer, 'cannot create a delegation token')
      const { issueTimestampMs: issueTimestamp, expiryTimestampMs: expiryTimestamp, maxTimestampMs: maxTimestamp } = answer
      return tokenOf({ ...answer, issueTimestamp, expiryTimestamp, maxTimestamp })
    })
  }

  /** Gives when it will end. @param periodMs the broker's own if left out. */
  renew(hmac: Uint8Array, periodMs = -1, call: CallOptions = {}): Promise<number> {
    return this.#reach.controller(call, async (ask) => {
      const body = { hmac: Buffer.from(hmac), renewPeriodMs: periodMs }
      const answer = await ask(RenewDelegationTokenRequest, RenewDelegationTokenResponse, body)
      check(answer, 'cannot renew the delegation token')
      return answer.expiryTimestampMs
    })
  }

  /** Gives when it will end. @param periodMs from now; at once if left out. */
  expire(hmac: Uint8Array, periodMs = -1, call: CallOptions = {}): Promise<number> {
    return this.#reach.controller(call, async (ask) => {
      const body = { hmac: Buffer.from(hmac), expiryTimePeriodMs: periodMs }
      const answer = await ask(ExpireDelegationTokenRequest, ExpireDelegationTokenResponse, body)
      check(answer, 'cannot end the delegation token')
      return answer.expiryTimestampMs
    })
  }

  /** Of these owners, or all that the client may see. */
  describe(owners?: readonly string[], call: CallOptions = {}): Promise<(DelegationToken & { readonly renewers: readonly string[] })[]> {
    return this.#reach.anywhere(call, async (ask) => {
      const body = { owners: owners?.map(principalFields) ?? null }
      const answer = await ask(DescribeDelegationTokenRequest, DescribeDelegationTokenResponse, body)
      check(answer, 'cannot describe delegation tokens')
      return answer.tokens.map((token) => ({
        ...tokenOf(token),
        renewers: token.renewers.map(({ principalType, principalName }) => `${principalType}:${principalName}`),
      }))
    })
  }
}

function principalFields(principal: string): { principalType: string; principalName: string } {
  const colon = principal.indexOf(':')
  return { principalType: colon < 0 ? 'User' : principal.slice(0, colon), principalName: principal.slice(colon + 1) }
}

function ownerFields(owner: string): { ownerPrincipalType: string; ownerPrincipalName: string } {
  const { principalType, principalName } = principalFields(owner)
  return { ownerPrincipalType: principalType, ownerPrincipalName: principalName }
}

type AnsweredToken = Omit<DescribeDelegationTokenResponse['tokens'][number], 'renewers'>

function tokenOf(token: AnsweredToken): DelegationToken {
  return {
    tokenId: token.tokenId,
    hmac: token.hmac,
    owner: `${token.principalType}:${token.principalName}`,
    requester: `${token.tokenRequesterPrincipalType}:${token.tokenRequesterPrincipalName}`,
    issuedAt: token.issueTimestamp,
    expiresAt: token.expiryTimestamp,
    endsAt: token.maxTimestamp,
  }
}
