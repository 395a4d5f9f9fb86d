/** How the loaders of this folder reach a broker: connections that speak any API, a topic, what a run took, and a line of JSON about it. */
import { BrokerConnection } from '../../client/network/broker-connection.ts'
import { nodeClientPlatform } from '../../client/platform/node.ts'
import { ErrorCode, errorOf } from '../../client/protocol/errors.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../../client/protocol/messages/create-topics.ts'
import { FindCoordinatorRequest, FindCoordinatorResponse } from '../../client/protocol/messages/find-coordinator.ts'

export interface Target {
  readonly host: string
  readonly port: number
}

/** From `host:port`. */
export function targetOf(text: string | undefined): Target {
  const [host, port] = (text ?? '').split(':')
  if (!host || !port) throw new Error('where is the broker? Say host:port')
  return { host, port: Number(port) }
}

export function connect({ host, port }: Target, clientId: string): Promise<BrokerConnection> {
  return BrokerConnection.open({ host, port, clientId, platform: nodeClientPlatform, requestTimeoutMs: 120_000 })
}

/** Throws unless the broker said NONE. */
export function check(what: string, errorCode: number): void {
  if (errorCode !== ErrorCode.NONE) throw new Error(`${what}: ${errorOf(errorCode).name}`)
}

export async function createTopic(connection: BrokerConnection, name: string, partitions: number): Promise<void> {
  const topics = [{ name, numPartitions: partitions, replicationFactor: 1, assignments: [], configs: [] }]
  const answer = await connection.send(CreateTopicsRequest, CreateTopicsResponse, { topics, timeoutMs: 30_000, validateOnly: false })
  check(`creating ${name}`, answer.topics[0]?.errorCode ?? 0)
}

/** Until the coordinator of each is there and has loaded: Kafka makes the internal topic when it is first asked for. */
export async function awaitCoordinator(connection: BrokerConnection, keyType: 0 | 1, keys: readonly string[]): Promise<void> {
  for (let left = [...keys]; left.length > 0; ) {
    const answer = await connection.send(FindCoordinatorRequest, FindCoordinatorResponse, { keyType, coordinatorKeys: left })
    left = answer.coordinators.filter(({ errorCode }) => errorCode !== ErrorCode.NONE).map(({ key }) => key)
    if (left.length > 0) await pause(100)
  }
}

export const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))

/** Milliseconds from the process's start, with fraction. */
export const now = (): number => performance.now()

/** How long something took, each time. */
export class Durations {
  readonly #millis: number[] = []

  add(millis: number): void {
    this.#millis.push(millis)
  }

  get count(): number {
    return this.#millis.length
  }

  /** The smallest that `share` of them do not exceed. */
  quantile(share: number): number {
    const sorted = [...this.#millis].sort((a, b) => a - b)
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  }
}

export function report(row: Record<string, string | number>): void {
  const rounded = Object.entries(row).map(([name, value]) => [name, typeof value === 'number' ? Math.round(value * 100) / 100 : value])
  console.log(JSON.stringify(Object.fromEntries(rounded)))
}
