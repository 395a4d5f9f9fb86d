/**
 * The broker that coordinates a group, and requests to it.
 * Owns: nothing that lasts: it is asked for each time. Never: knows what is asked of it.
 */
import type { BrokerConnection } from '../network/broker-connection.ts'
import type { BrokerPool } from '../network/broker-pool.ts'
import { answeredError } from '../network/client-error.ts'
import { patiently } from '../network/patience.ts'
import { ErrorCode } from '../protocol/errors.ts'
import { FindCoordinatorRequest, FindCoordinatorResponse } from '../protocol/messages/find-coordinator.ts'

/** Later ones take several keys. */
const lastVersionWithOneKey = 3
const groupType = 0

/** Does `act` at the group's coordinator; again where that moves or loads. */
export function atGroupCoordinator<T>(
  pool: BrokerPool,
  groupId: string,
  act: (connection: BrokerConnection, brokerId: number) => Promise<T>,
): Promise<T> {
  return patiently(pool.options, async () => {
    const connection = await pool.any()
    const body = { key: groupId, keyType: groupType }
    const found = await connection.send(FindCoordinatorRequest, FindCoordinatorResponse, body, lastVersionWithOneKey)
    if (found.errorCode !== ErrorCode.NONE) throw answeredError(found.errorCode, `cannot find the coordinator of group '${groupId}'`)
    return act(await pool.at(found), found.nodeId)
  })
}
