/** BrokerHeartbeat (key 63). */
import { array, bool, int16, int32, int64, message, nullableArray, type Of, uuid } from '../schema.ts'

export const BrokerHeartbeatRequest = message({
  name: 'BrokerHeartbeatRequest',
  type: 'request',
  key: 63,
  versions: '0-2',
  flexible: '0+',
  fields: {
    brokerId: int32('0+'),
    brokerEpoch: int64('0+', { default: -1 }),
    currentMetadataOffset: int64('0+'),
    wantFence: bool('0+'),
    wantShutDown: bool('0+'),
    offlineLogDirs: array('1+', uuid, { tag: 0 }),
    cordonedLogDirs: nullableArray('2+', uuid, { tag: 1 }),
  },
})
export type BrokerHeartbeatRequest = Of<typeof BrokerHeartbeatRequest>

export const BrokerHeartbeatResponse = message({
  name: 'BrokerHeartbeatResponse',
  type: 'response',
  key: 63,
  versions: '0-2',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    isCaughtUp: bool('0+'),
    isFenced: bool('0+', { default: true }),
    shouldShutDown: bool('0+'),
  },
})
export type BrokerHeartbeatResponse = Of<typeof BrokerHeartbeatResponse>
