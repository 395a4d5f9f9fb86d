/** What the workloads of groups and transactions stand on: connections that speak any API, coordinators that are ready, and refusals as errors. */
import { BenchError } from '../bench-error.ts'
import { BrokerConnection } from '../../client/network/broker-connection.ts'
import { nodeClientPlatform } from '../../client/platform/node.ts'
import { ErrorCode, errorOf } from '../../client/protocol/errors.ts'
import { FindCoordinatorRequest, FindCoordinatorResponse } from '../../client/protocol/messages/find-coordinator.ts'

export const keyTypeOf = { group: 0, transaction: 1 } as const

/** @param bootstrap also the coordinator of everything: these workloads are for one broker, not for a cluster. */
export function connect(bootstrap: string): Promise<BrokerConnection> {
  const at = bootstrap.lastIndexOf(':')
  const [host, port] = [bootstrap.slice(0, at), Number(bootstrap.slice(at + 1))]
  return BrokerConnection.open({ host, port, clientId: 'stele-bench', platform: nodeClientPlatform, requestTimeoutMs: 120_000 })
}

/** Throws unless the broker said NONE. */
export function check(what: string, errorCode: number): void {
  if (errorCode !== ErrorCode.NONE) throw new BenchError(`${what}: ${errorOf(errorCode).name}`)
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
