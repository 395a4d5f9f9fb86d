/** UnregisterBroker (key 64). */
import { int16, int32, message, nullableString, type Of } from '../schema.ts'

export const UnregisterBrokerRequest = message({
  name: 'UnregisterBrokerRequest',
  type: 'request',
  key: 64,
  versions: '0',
  flexible: '0+',
  fields: {
    brokerId: int32('0+'),
  },
})
export type UnregisterBrokerRequest = Of<typeof UnregisterBrokerRequest>

export const UnregisterBrokerResponse = message({
  name: 'UnregisterBrokerResponse',
  type: 'response',
  key: 64,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: nullableString('0+', { default: '' }),
  },
})
export type UnregisterBrokerResponse = Of<typeof UnregisterBrokerResponse>
