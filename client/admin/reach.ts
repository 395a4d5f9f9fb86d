/**
 * The one way in which administration reaches brokers: any, the controller, one by id, all, a coordinator, the leaders of partitions.
 * Owns: nothing that lasts. What may pass is tried again for as long as the call may take. Never: knows what is asked.
 */
import type { TopicPartition } from '../consumer/consumed.ts'
import type { ClusterView } from '../cluster/cluster-view.ts'
import type { CoordinatorKind, Coordinators } from '../cluster/coordinators.ts'
import type { BrokerConnection } from '../network/broker-connection.ts'
import type { BrokerPool } from '../network/broker-pool.ts'
import { ClientError } from '../network/client-error.ts'
import { type AttemptOptions, type CallOptions, patiently } from '../network/patience.ts'
import type { Input, Message, Of } from '../protocol/schema.ts'

/** One request to the broker that was reached. Throws ClientError. */
export type Ask = <Q extends Message, S extends Message>(request: Q, response: S, body: Input<Q>, versionMax?: number) => Promise<Of<S>>

export type { TopicPartition }

export class Reach {
  readonly #pool: BrokerPool
  readonly #cluster: ClusterView
  readonly #coordinators: Coordinators

  constructor(pool: BrokerPool, cluster: ClusterView, coordinators: Coordinators) {
    this.#pool = pool
    this.#cluster = cluster
    this.#coordinators = coordinators
  }

  /** What brokers are told that they may take. */
  limitMs({ timeoutMs = this.#pool.options.requestTimeoutMs }: CallOptions): number {
    return timeoutMs
  }

  randomBytes(count: number): Uint8Array {
    return this.#pool.options.platform.randomBytes(count)
  }

  anywhere<T>(call: CallOptions, act: (ask: Ask) => Promise<T>): Promise<T> {
    return this.#patiently(call, async (_, bound) => act(asking(await this.#pool.any(bound), bound)))
  }

  /** @param act hears why it is done again. */
  controller<T>(call: CallOptions, act: (ask: Ask, earlier: ClientError | undefined) => Promise<T>): Promise<T> {
    return this.#patiently(call, async (earlier, bound) => act(asking(await this.#cluster.controller(bound), bound), earlier))
  }

  broker<T>(id: number, call: CallOptions, act: (ask: Ask) => Promise<T>): Promise<T> {
    return this.#patiently(call, async (_, bound) => act(asking(await this.#cluster.broker(id, bound), bound)))
  }

  /** Each by itself, those that live now. */
  async everyBroker<T>(call: CallOptions, act: (ask: Ask, brokerId: number) => Promise<T>): Promise<T[]> {
    const ids = await this.#patiently(call, (_, bound) => this.#cluster.brokerIds(bound))
    return Promise.all(ids.map((id) => this.broker(id, call, (ask) => act(ask, id))))
  }

  coordinator<T>(kind: CoordinatorKind, id: string, call: CallOptions, act: (ask: Ask, brokerId: number) => Promise<T>): Promise<T> {
    return this.#coordinators.ask(kind, id, (connection, brokerId) => act(asking(connection, call), brokerId), call)
  }

  /** Each leader is asked for what it leads. `refused`: what is told of a partition that does not exist. */
  leaders<P extends TopicPartition, T>(
    partitions: readonly P[],
    call: CallOptions,
    act: (ask: Ask, led: readonly P[]) => Promise<readonly T[]>,
    refused: (partition: P, error: ClientError) => T,
  ): Promise<T[]> {
    return this.#patiently(call, async (_, bound) => {
      const told: T[] = []
      const byLeader = new Map<BrokerConnection, P[]>()
      for (const partition of partitions) {
        const leader = await this.#leader(partition, bound)
        if (leader instanceof ClientError) {
          told.push(refused(partition, leader))
          continue
        }
        const led = byLeader.get(leader)
        if (led) led.push(partition)
        else byLeader.set(leader, [partition])
      }
      const answers = await Promise.all([...byLeader].map(([leader, led]) => act(asking(leader, bound), led)))
      return [...told, ...answers.flat()]
    })
  }

  /** Whoever names what does not exist wants to know now. */
  async #leader({ topic, partition }: TopicPartition, call: AttemptOptions): Promise<BrokerConnection | ClientError> {
    try {
      return await this.#cluster.leader(topic, partition, call)
    } catch (error) {
      if (error instanceof ClientError && error.code === 'UNKNOWN_TOPIC_OR_PARTITION') return error
      throw error
    }
  }

  /** Topics that changed by what was asked. */
  forget(topics: readonly string[]): void {
    for (const topic of topics) this.#cluster.forget(topic)
  }

  #patiently<T>(call: CallOptions, act: (earlier: ClientError | undefined, bound: AttemptOptions) => Promise<T>): Promise<T> {
    return patiently(this.#pool.options, act, () => this.#cluster.forgetBrokers(), call)
  }
}

function asking(connection: BrokerConnection, call: AttemptOptions): Ask {
  return (request, response, body, versionMax) => connection.send(request, response, body, versionMax, call)
}
