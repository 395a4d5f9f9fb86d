/**
 * What all simulated clients have: a process, a seed of their own, and the patience to dial again.
 * A client runs as one async function until it is told to stop; it then finishes what it has begun.
 */
import { ErrorCode, errorOf } from '../../../client/protocol/errors.ts'
import { MetadataRequest, MetadataResponse } from '../../../client/protocol/messages/metadata.ts'
import type { Input, Message, Of } from '../../../client/protocol/schema.ts'
import type { History } from '../history.ts'
import type { WallClock } from '../platform/clock.ts'
import type { SimulatedNetwork } from '../platform/network.ts'
import type { SimulatedProcess } from '../platform/process.ts'
import type { SeededRandom } from '../platform/random.ts'
import { Violation } from '../violation.ts'
import { ClientConnection, type ClientTraits, ConnectionLost } from './connection.ts'

/** Where a client lives. */
export interface Surroundings {
  readonly network: SimulatedNetwork
  readonly process: SimulatedProcess
  readonly random: SeededRandom
  readonly wall: WallClock
  readonly history: History
  readonly port: number
  /** The number of the broker's life that runs in this process. */
  lifeOf(process: SimulatedProcess): number
}

export interface TopicIds {
  readonly idOf: ReadonlyMap<string, string>
  readonly partitionsOf: ReadonlyMap<string, number>
}

/** The transaction of a producer is over, one way or another: it must begin anew. */
export class Over extends Error {}

/** Sends what `ask` gives until it is answered with success. */
export type Insist = <Q extends Message, S extends Message>(
  ask: () => { request: Q; response: S; version: number; body: Input<Q> },
  errorOfAnswer: (answer: Of<S>) => number,
) => Promise<Of<S>>

export abstract class Client {
  readonly name: string
  protected readonly around: Surroundings
  protected readonly random: SeededRandom
  readonly #traits: ClientTraits
  #stopping = false
  #connection: ClientConnection | undefined
  /** Settles when the client has stopped. */
  readonly finished: Promise<void>
  readonly #finish: () => void

  constructor(around: Surroundings, traits: Partial<ClientTraits> = {}) {
    this.around = around
    this.name = around.process.name
    this.random = around.random
    this.#traits = { clientId: this.name, requestTimeoutMillis: 2_500, dozeChance: 0, ...traits }
    const { promise, resolve } = Promise.withResolvers<void>()
    this.finished = promise
    this.#finish = resolve
  }

  protected abstract live(): Promise<void>

  start(): void {
    this.around.process.deliver(this.around.process.now, 'start', () => {
      void this.live().then(this.#finish, (error: unknown) => this.around.network.scheduler.fail(error))
    })
  }

  stop(): void {
    this.#stopping = true
  }

  get stopping(): boolean {
    return this.#stopping
  }

  protected sleep(millis: number): Promise<void> {
    const { process } = this.around
    return new Promise((resolve) => process.deliver(process.now + millis * 1000, 'sleep', resolve))
  }

  protected now(): number {
    return this.around.wall.at(this.around.process.now)
  }

  /** The connection, dialled anew as often as it takes; undefined: told to stop meanwhile. */
  protected connected(): Promise<ClientConnection | undefined> {
    return this.#connect(() => this.#stopping)
  }

  /** The same for one that must finish what it began, told to stop or not. */
  protected async connectedAnyway(): Promise<ClientConnection> {
    return (await this.#connect(() => false)) as ClientConnection
  }

  async #connect(isVain: () => boolean): Promise<ClientConnection | undefined> {
    while (this.#connection === undefined || this.#connection.isLost) {
      if (isVain()) return undefined
      try {
        this.#connection = await this.dial()
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error
        await this.sleep(this.random.between(20, 200))
      }
    }
    return this.#connection
  }

  protected dial(): Promise<ClientConnection> {
    const { network, process, port } = this.around
    return ClientConnection.open(network, process, this.random, this.#traits, port)
  }

  protected lifeOf(connection: ClientConnection): number {
    return this.around.lifeOf(connection.peer)
  }

  /** What `ask` gives, or undefined where the connection was lost. */
  protected async tryTo<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask()
    } catch (error) {
      if (error instanceof ConnectionLost) return undefined
      throw error
    }
  }

  /** Asks again and again while the answer is lost, or only says to try again. Throws Over on what is final. */
  protected readonly insist: Insist = async (ask, errorOfAnswer) => {
    for (;;) {
      const connection = await this.connectedAnyway()
      const { request, response, version, body } = ask()
      const answer = await this.tryTo(() => connection.request(request, response, version, body))
      const error = answer ? errorOfAnswer(answer) : undefined
      if (answer && error === ErrorCode.NONE) return answer
      if (error !== undefined && !isPassing(error)) {
        if (!isOver(error)) throw new Violation(5, `${this.name} sent a good ${request.name} and was answered ${errorOf(error).name}`)
        throw new Over()
      }
      await this.sleep(this.random.between(5, 100))
    }
  }

  protected async topicIds(connection: ClientConnection): Promise<TopicIds | undefined> {
    const version = this.random.between(10, 13)
    const answer = await this.tryTo(() =>
      connection.request(MetadataRequest, MetadataResponse, version, { topics: null, allowAutoTopicCreation: false }),
    )
    if (!answer) return undefined
    const idOf = new Map<string, string>()
    const partitionsOf = new Map<string, number>()
    for (const { name, topicId, errorCode, partitions } of answer.topics) {
      if (errorCode !== ErrorCode.NONE || name === null) continue
      idOf.set(name, topicId)
      partitionsOf.set(name, partitions.length)
    }
    return { idOf, partitionsOf }
  }
}

/** Another producer has the transactional id, or the transaction took too long. */
export function isOver(error: number): boolean {
  return error === ErrorCode.PRODUCER_FENCED || error === ErrorCode.INVALID_PRODUCER_EPOCH || error === ErrorCode.INVALID_TXN_STATE
}

/** A coordinated request is to be tried again. */
export function isPassing(error: number): boolean {
  switch (error) {
    case ErrorCode.CONCURRENT_TRANSACTIONS:
    case ErrorCode.COORDINATOR_LOAD_IN_PROGRESS:
    case ErrorCode.COORDINATOR_NOT_AVAILABLE:
    case ErrorCode.NOT_COORDINATOR:
    case ErrorCode.NOT_ENOUGH_REPLICAS:
    case ErrorCode.KAFKA_STORAGE_ERROR:
    case ErrorCode.REQUEST_TIMED_OUT:
    case ErrorCode.NOT_LEADER_OR_FOLLOWER:
    case ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
    case ErrorCode.OPERATION_NOT_ATTEMPTED:
      return true
    default:
      return false
  }
}
