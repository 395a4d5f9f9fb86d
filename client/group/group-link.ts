/**
 * A member's line to its coordinator: of its own, for a join may wait there for others, and nothing else must wait behind it.
 * Owns: who the member is, and its timer. Never: knows what a heartbeat means.
 */
import type { Coordinators } from '../cluster/coordinators.ts'
import type { GroupOptions } from '../consumer/consumer-options.ts'
import type { BrokerPool } from '../network/broker-pool.ts'
import { answeredError, ClientError } from '../network/client-error.ts'
import { type ClientLogger, silentLogger } from '../network/observer.ts'
import { ErrorCode } from '../protocol/errors.ts'
import type { Input, Message, Of } from '../protocol/schema.ts'
import { type Assignee, type MemberIdentity, noMember } from './membership.ts'
import type { Subscription } from './subscription.ts'

export interface GroupParts {
  readonly pool: BrokerPool
  readonly coordinators: Coordinators
  readonly options: GroupOptions
  readonly subscription: Subscription
  readonly assignee: Assignee
  /** A name that no other connection has. */
  readonly lane: string
}

interface Exchange<Q extends Message, S extends Message> {
  readonly request: Q
  readonly response: S
  /** Made for each attempt. */
  readonly body: () => Input<Q>
  /** Throws a ClientError: a retriable one is tried again. */
  readonly check: (answer: Of<S>) => void
  /** The broker answers late: it waits for other members. */
  readonly brokerWaitsMs?: number
}

/** A goodbye that nobody hears in this time is left at that: the session ends by itself. */
const goodbyeMs = 3000

export class GroupLink {
  readonly #parts: GroupParts
  readonly #closing = new AbortController()
  #cancel: (() => void) | undefined
  #attendedAt: number
  #polls = -1
  identity: MemberIdentity = noMember

  constructor(parts: GroupParts) {
    this.#parts = parts
    this.#attendedAt = this.now()
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted
  }

  get logger(): ClientLogger {
    return this.#parts.pool.options.logger ?? silentLogger
  }

  now(): number {
    return this.#parts.pool.options.platform.now()
  }

  become(memberId: string, generationId: number): void {
    this.identity = { memberId, generationId, groupInstanceId: this.#parts.options.instanceId }
  }

  /** Tried again while that may help, for as long as the group's patience. Throws ClientError. */
  ask<Q extends Message, S extends Message>({ request, response, body, check, brokerWaitsMs = 0 }: Exchange<Q, S>): Promise<Of<S>> {
    const { coordinators, options, lane } = this.#parts
    const { signal } = this.#closing
    return coordinators.ask(
      'group',
      options.groupId,
      async (connection) => {
        const answer = await connection.send(request, response, body(), undefined, { signal, brokerWaitsMs })
        check(answer)
        return answer
      },
      { lane, signal, timeoutMs: options.patienceMs + brokerWaitsMs, retriesMs: options.patienceMs },
    )
  }

  /** Whether the coordinator knows an API at least in this version. Throws ClientError. */
  serves(request: Message, version: number): Promise<boolean> {
    const { coordinators, options, lane } = this.#parts
    const { signal } = this.#closing
    return coordinators.ask('group', options.groupId, async (connection) => connection.serves(request, version), { lane, signal })
  }

  /** After so long, unless another time is set before. */
  wakeIn(millis: number, wake: () => void): void {
    this.#cancel?.()
    this.#cancel = this.isClosed ? undefined : this.#parts.pool.options.platform.after(millis, wake)
  }

  rest(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** The application has not come for more for longer than it may; then the logger is told, for the member is to leave. */
  isDeserted(): boolean {
    const { assignee, options } = this.#parts
    const polls = assignee.polls()
    if (assignee.isWaiting() || polls !== this.#polls) {
      this.#polls = polls
      this.#attendedAt = this.now()
    }
    const { groupId, maxPollIntervalMs } = options
    if (this.now() - this.#attendedAt <= maxPollIntervalMs) return false
    const why = 'the application took too long with what it has: this member leaves its group'
    this.logger.warn({ group: groupId, maxPollIntervalMs }, why)
    return true
  }

  /** What FENCED_INSTANCE_ID means, and what to do. */
  fenced(): ClientError {
    const { groupId, instanceId } = this.#parts.options
    return answeredError(ErrorCode.FENCED_INSTANCE_ID, `member '${instanceId}' of group '${groupId}'`, {
      message: 'another one came by this instance id: each has its own, and only one lives at a time',
    })
  }

  /** The application gives up what it still has; then it is over, whatever goes wrong there, and the group is told. */
  async leave(sayGoodbye: () => Promise<void>): Promise<void> {
    const { assignee } = this.#parts
    try {
      const held = assignee.staying()
      if (held.length > 0) await assignee.revoke(held)
    } finally {
      this.close()
      await sayGoodbye()
    }
  }

  /** Says one last thing, on a line where nothing waits; whether it is heard or not, it is over. */
  async goodbye<Q extends Message, S extends Message>(request: Q, response: S, body: Input<Q>): Promise<void> {
    const { coordinators, options } = this.#parts
    try {
      await coordinators.ask('group', options.groupId, (connection) => connection.send(request, response, body), { timeoutMs: goodbyeMs })
    } catch (error) {
      this.logger.debug(
        { group: options.groupId, error: error instanceof ClientError ? error.code : 'UNKNOWN' },
        `the group did not hear the goodbye: ${String(error)}`,
      )
    }
  }

  close(): void {
    this.rest()
    this.#closing.abort()
    this.#parts.pool.endLane(this.#parts.lane)
  }
}
