/** PushTelemetry (key 72). */
import { bool, bytes, int16, int32, int8, message, type Of, uuid } from '../schema.ts'

export const PushTelemetryRequest = message({
  name: 'PushTelemetryRequest',
  type: 'request',
  key: 72,
  versions: '0',
  flexible: '0+',
  fields: {
    clientInstanceId: uuid('0+'),
    subscriptionId: int32('0+'),
    terminating: bool('0+'),
    compressionType: int8('0+'),
    metrics: bytes('0+'),
  },
})
export type PushTelemetryRequest = Of<typeof PushTelemetryRequest>

export const PushTelemetryResponse = message({
  name: 'PushTelemetryResponse',
  type: 'response',
  key: 72,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
  },
})
export type PushTelemetryResponse = Of<typeof PushTelemetryResponse>
