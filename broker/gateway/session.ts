/**
 * One stream's conversation, as a pure state machine: what came and the time go in, what is to be done comes out.
 * Owns: whether the client has been let in, which subscriptions and requests it has open, when it was last heard. Never: a socket, a clock, or what a
 * subscription reads.
 * Invariants: nothing is opened or asked before the welcome; every bound ends the session with its own code; after a close nothing comes out.
 */
import { CloseCode } from '../../client/protocol/stream/close-codes.ts'
import type { ClientMessage, ClientMessageOf } from '../../client/protocol/stream/client-messages.ts'
import type { ServerMessage, StreamLimits } from '../../client/protocol/stream/server-messages.ts'
import type { Millis } from '../platform/clock.ts'

export interface SessionLimits {
  readonly frameBytes: number
  readonly subscriptions: number
  readonly partitions: number
  readonly requests: number
  readonly idleMillis: Millis
  readonly helloMillis: Millis
}

export type Asked = ClientMessageOf<'publish' | 'commit' | 'identify' | 'topics'>
type Subscribe = ClientMessageOf<'subscribe'>

export type SessionInput =
  | { readonly type: 'message'; readonly message: ClientMessage }
  /** Bytes that are no message. */
  | { readonly type: 'malformed'; readonly why: string }
  | { readonly type: 'unsupported'; readonly why: string }
  /** A ping or pong of WebSocket's own. */
  | { readonly type: 'heard' }
  | { readonly type: 'tick' }
  | { readonly type: 'authenticated' }
  | { readonly type: 'unauthorized'; readonly why: string }
  /** Somebody else decided that it ends. */
  | { readonly type: 'shut'; readonly code: CloseCode; readonly why: string }
  /** How many partitions a subscription reads now. */
  | { readonly type: 'reads'; readonly subscription: number; readonly partitions: number }
  /** It ended by itself: it could not begin, or what it read is gone. */
  | { readonly type: 'ended'; readonly subscription: number }
  | { readonly type: 'answered'; readonly asked: Asked }

export type SessionEffect =
  | { readonly type: 'send'; readonly message: ServerMessage }
  | { readonly type: 'close'; readonly code: CloseCode; readonly reason: string }
  | { readonly type: 'authenticate'; readonly hello: ClientMessageOf<'hello'> }
  | { readonly type: 'open'; readonly subscribe: Subscribe }
  | { readonly type: 'tell'; readonly message: ClientMessageOf<'credit' | 'pause' | 'resume' | 'release'> }
  | { readonly type: 'end'; readonly subscription: number }
  | { readonly type: 'ask'; readonly asked: Asked }

/** The log knows so many batches of a producer; duplicates of earlier ones it could not tell. */
export const publishesPerPartition = 5

type Phase = 'greeting' | 'authenticating' | 'open' | 'closed'

export class Session {
  readonly id: string
  readonly #limits: SessionLimits
  readonly #subscriptions = new Map<number, { partitions: number }>()
  #requests = 0
  /** Unanswered publishes by producer and partition; made for the first one, since most sessions only read. */
  #publishes: Map<string, number> | undefined
  #phase: Phase = 'greeting'
  /** What came before the welcome, and waits for it. */
  #held: ClientMessage[] = []
  readonly #startedAt: Millis
  #heardAt: Millis
  #isAsked = false

  constructor(id: string, limits: SessionLimits, now: Millis) {
    this.id = id
    this.#limits = limits
    this.#startedAt = now
    this.#heardAt = now
  }

  get isClosed(): boolean {
    return this.#phase === 'closed'
  }

  /** When a tick has something to say, unless something is heard before. */
  get dueAt(): Millis {
    if (this.#phase !== 'open') return this.#startedAt + this.#limits.helloMillis
    return this.#heardAt + (this.#isAsked ? this.#limits.idleMillis : this.#limits.idleMillis / 2)
  }

  /** @param now monotonic. */
  step(input: SessionInput, now: Millis): SessionEffect[] {
    if (this.#phase === 'closed') return []
    switch (input.type) {
      case 'message':
        this.#hear(now)
        return this.#message(input.message)
      case 'malformed':
        return this.#close(CloseCode.BAD_MESSAGE, input.why)
      case 'unsupported':
        return this.#close(CloseCode.UNSUPPORTED_DATA, input.why)
      case 'heard':
        this.#hear(now)
        return []
      case 'tick':
        return this.#tick(now)
      case 'authenticated':
        return this.#welcome()
      case 'unauthorized':
        return this.#close(CloseCode.UNAUTHORIZED, input.why)
      case 'shut':
        return this.#close(input.code, input.why)
      case 'reads':
        return this.#reads(input.subscription, input.partitions)
      case 'ended':
        this.#subscriptions.delete(input.subscription)
        return []
      case 'answered':
        this.#requests--
        this.#countPublish(input.asked, -1)
        return []
      default:
        return input satisfies never
    }
  }

  #hear(now: Millis): void {
    this.#heardAt = now
    this.#isAsked = false
  }

  #close(code: CloseCode, reason: string): SessionEffect[] {
    this.#phase = 'closed'
    this.#held = []
    return [{ type: 'close', code, reason }]
  }

  #tick(now: Millis): SessionEffect[] {
    const { idleMillis, helloMillis } = this.#limits
    if (now < this.dueAt) return []
    if (this.#phase !== 'open') {
      const what = this.#phase === 'greeting' ? 'no hello came' : 'the token was not decided on'
      return this.#close(CloseCode.HELLO_TIMEOUT, `${what} within ${helloMillis} ms`)
    }
    const silent = now - this.#heardAt
    if (silent >= idleMillis) return this.#close(CloseCode.IDLE, `nothing was heard for ${idleMillis} ms`)
    this.#isAsked = true
    return [{ type: 'send', message: { type: 'ping' } }]
  }

  #welcome(): SessionEffect[] {
    if (this.#phase !== 'authenticating') return []
    this.#phase = 'open'
    const { frameBytes, subscriptions, partitions, requests, idleMillis: idleMs } = this.#limits
    const limits: StreamLimits = { frameBytes, subscriptions, partitions, requests, publishesPerPartition, idleMs }
    const effects: SessionEffect[] = [{ type: 'send', message: { type: 'welcome', session: this.id, limits } }]
    const held = this.#held
    this.#held = []
    for (const message of held) if (!this.isClosed) effects.push(...this.#message(message))
    return effects
  }

  #message(message: ClientMessage): SessionEffect[] {
    if (this.#phase === 'open') return this.#heeded(message)
    if (this.#phase === 'authenticating') {
      if (message.type === 'hello') return this.#close(CloseCode.BAD_MESSAGE, 'a second hello')
      if (this.#held.length >= this.#limits.requests) {
        return this.#close(CloseCode.TOO_MANY_REQUESTS, `more than ${this.#limits.requests} messages before the welcome`)
      }
      this.#held.push(message)
      return []
    }
    if (message.type !== 'hello') return this.#close(CloseCode.BAD_MESSAGE, `hello comes first, not ${message.type}`)
    this.#phase = 'authenticating'
    return [{ type: 'authenticate', hello: message }]
  }

  #heeded(message: ClientMessage): SessionEffect[] {
    switch (message.type) {
      case 'hello':
        return this.#close(CloseCode.BAD_MESSAGE, 'a second hello')
      case 'subscribe':
        return this.#subscribe(message)
      case 'unsubscribe':
        // One that ended by itself meanwhile was told so.
        if (!this.#subscriptions.delete(message.subscription)) return []
        return [
          { type: 'end', subscription: message.subscription },
          { type: 'send', message: { type: 'unsubscribed', subscription: message.subscription } },
        ]
      case 'credit':
      case 'pause':
      case 'resume':
      case 'release':
        return this.#subscriptions.has(message.subscription) ? [{ type: 'tell', message }] : []
      case 'publish':
      case 'commit':
      case 'identify':
      case 'topics':
        return this.#ask(message)
      case 'ping':
        return [{ type: 'send', message: { type: 'pong' } }]
      case 'pong':
        return []
      default:
        return message satisfies never
    }
  }

  #subscribe(subscribe: Subscribe): SessionEffect[] {
    const { subscription, topics, partitions } = subscribe
    if (this.#subscriptions.has(subscription)) return this.#close(CloseCode.BAD_MESSAGE, `subscription ${subscription} is in use`)
    if (!topics === !partitions) return this.#close(CloseCode.BAD_MESSAGE, 'subscribe names either topics or partitions')
    if (subscribe.group !== undefined && partitions)
      return this.#close(CloseCode.BAD_MESSAGE, 'a group shares out whole topics: name topics, not partitions')
    if (subscribe.from === 'committed' && subscribe.group === undefined)
      return this.#close(CloseCode.BAD_MESSAGE, 'committed is a place of groups: name a group')
    if (this.#subscriptions.size >= this.#limits.subscriptions)
      return this.#close(CloseCode.TOO_MANY_SUBSCRIPTIONS, `more than ${this.#limits.subscriptions} subscriptions`)
    this.#subscriptions.set(subscription, { partitions: 0 })
    return [{ type: 'open', subscribe }]
  }

  #reads(subscription: number, partitions: number): SessionEffect[] {
    const open = this.#subscriptions.get(subscription)
    if (!open) return []
    open.partitions = partitions
    let all = 0
    for (const one of this.#subscriptions.values()) all += one.partitions
    if (all <= this.#limits.partitions) return []
    return this.#close(CloseCode.TOO_MANY_PARTITIONS, `${all} partitions, more than ${this.#limits.partitions}`)
  }

  #ask(asked: Asked): SessionEffect[] {
    if (this.#requests >= this.#limits.requests) {
      return this.#close(CloseCode.TOO_MANY_REQUESTS, `more than ${this.#limits.requests} requests unanswered`)
    }
    this.#requests++
    if (this.#countPublish(asked, 1) > publishesPerPartition) {
      return this.#close(
        CloseCode.TOO_MANY_PUBLISHES,
        `more than ${publishesPerPartition} publishes of one producer to a partition unanswered`,
      )
    }
    return [{ type: 'ask', asked }]
  }

  /** How many of its kind are unanswered now. */
  #countPublish(asked: Asked, by: 1 | -1): number {
    if (asked.type !== 'publish' || !asked.producer) return 0
    const key = `${asked.producer.id}/${asked.partition}/${asked.topic}`
    const publishes = (this.#publishes ??= new Map())
    const count = (publishes.get(key) ?? 0) + by
    if (count === 0) publishes.delete(key)
    else publishes.set(key, count)
    return count
  }
}
