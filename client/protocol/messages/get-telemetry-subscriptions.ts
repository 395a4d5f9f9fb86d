/** GetTelemetrySubscriptions (key 71). */
import { array, bool, int16, int32, int8, message, type Of, string, uuid } from '../schema.ts'

export const GetTelemetrySubscriptionsRequest = message({
  name: 'GetTelemetrySubscriptionsRequest',
  type: 'request',
  key: 71,
  versions: '0',
  flexible: '0+',
  fields: {
    clientInstanceId: uuid('0+'),
  },
})
export type GetTelemetrySubscriptionsRequest = Of<typeof GetTelemetrySubscriptionsRequest>

export const GetTelemetrySubscriptionsResponse = message({
  name: 'GetTelemetrySubscriptionsResponse',
  type: 'response',
  key: 71,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    clientInstanceId: uuid('0+'),
    subscriptionId: int32('0+'),
    acceptedCompressionTypes: array('0+', int8),
    pushIntervalMs: int32('0+'),
    telemetryMaxBytes: int32('0+'),
    deltaTemporality: bool('0+'),
    requestedMetrics: array('0+', string),
  },
})
export type GetTelemetrySubscriptionsResponse = Of<typeof GetTelemetrySubscriptionsResponse>
