/** A member of a classic group, and the requests of its that wait. Owns: nothing else. Never: copies or answers by itself. */
import type { JoinGroupResponse } from '../../../client/protocol/messages/join-group.ts'
import type { SyncGroupResponse } from '../../../client/protocol/messages/sync-group.ts'
import type { Input } from '../../../client/protocol/schema.ts'
import type { Parked } from '../../coordinator/state-machine.ts'
import type { Millis } from '../../platform/clock.ts'

export type JoinAnswer = Input<typeof JoinGroupResponse>
export type SyncAnswer = Input<typeof SyncGroupResponse>

/** A way to assign that a member knows, with what it tells the leader for it. */
export interface Protocol {
  readonly name: string
  readonly metadata: Buffer
}

export interface MemberIdentity {
  readonly memberId: string
  /** Of a static member (KIP-345). */
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
}

export interface MemberTerms {
  readonly rebalanceTimeoutMillis: Millis
  readonly sessionTimeoutMillis: Millis
  /** Best first. */
  readonly protocols: readonly Protocol[]
}

export const noBytes = Buffer.alloc(0)

export class ClassicMember {
  readonly identity: MemberIdentity
  terms: MemberTerms
  assignment: Buffer
  /** It has not been through a rebalance, so nobody knows yet whether it lives. */
  isNew = false
  awaitingJoin: Parked<JoinAnswer> | undefined
  awaitingSync: Parked<SyncAnswer> | undefined

  constructor(identity: MemberIdentity, terms: MemberTerms, assignment: Buffer = noBytes) {
    this.identity = identity
    this.terms = terms
    this.assignment = assignment
  }

  get memberId(): string {
    return this.identity.memberId
  }

  get isStatic(): boolean {
    return this.identity.groupInstanceId !== null
  }

  /** Its session has run out, but it waits for us. */
  get isExcused(): boolean {
    return !this.isNew && (this.awaitingJoin !== undefined || this.awaitingSync !== undefined)
  }

  metadata(protocol: string | null): Buffer {
    return this.terms.protocols.find(({ name }) => name === protocol)?.metadata ?? noBytes
  }

  /** The one it likes best of those that all members know. */
  vote(candidates: ReadonlySet<string>): string | undefined {
    return this.terms.protocols.find(({ name }) => candidates.has(name))?.name
  }

  knowsJust(protocols: readonly Protocol[]): boolean {
    const mine = this.terms.protocols
    return mine.length === protocols.length && mine.every(({ name, metadata }, i) => isSame(protocols[i], name, metadata))
  }
}

function isSame(other: Protocol | undefined, name: string, metadata: Buffer): boolean {
  return other !== undefined && other.name === name && other.metadata.equals(metadata)
}
