/** UnregisterController (key 94). */
import { int16, int32, message, nullableString, type Of } from '../schema.ts'

export const UnregisterControllerRequest = message({
  name: 'UnregisterControllerRequest',
  type: 'request',
  key: 94,
  versions: '0',
  flexible: '0+',
  fields: {
    controllerId: int32('0+'),
  },
})
export type UnregisterControllerRequest = Of<typeof UnregisterControllerRequest>

export const UnregisterControllerResponse = message({
  name: 'UnregisterControllerResponse',
  type: 'response',
  key: 94,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: nullableString('0+', { default: '' }),
  },
})
export type UnregisterControllerResponse = Of<typeof UnregisterControllerResponse>
