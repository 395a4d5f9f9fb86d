/** Requests to the broker that coordinates a group. */
import type { BrokerConnection } from '../network/broker-connection.ts'
import type { BrokerPool } from '../network/broker-pool.ts'
import { Coordinators } from './coordinators.ts'

/** Does `act` at the group's coordinator, which is asked for; again where that moves or loads. */
export function atGroupCoordinator<T>(
  pool: BrokerPool,
  groupId: string,
  act: (connection: BrokerConnection, brokerId: number) => Promise<T>,
): Promise<T> {
  return new Coordinators(pool).ask('group', groupId, act)
}
