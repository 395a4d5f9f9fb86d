/** ControllerRegistration (key 70). */
import { array, bool, int16, int32, message, nullableString, type Of, string, uint16, uuid } from '../schema.ts'

export const ControllerRegistrationRequest = message({
  name: 'ControllerRegistrationRequest',
  type: 'request',
  key: 70,
  versions: '0',
  flexible: '0+',
  fields: {
    controllerId: int32('0+'),
    incarnationId: uuid('0+'),
    zkMigrationReady: bool('0+'),
    listeners: array('0+', {
      name: string('0+'),
      host: string('0+'),
      port: uint16('0+'),
      securityProtocol: int16('0+'),
    }),
    features: array('0+', {
      name: string('0+'),
      minSupportedVersion: int16('0+'),
      maxSupportedVersion: int16('0+'),
    }),
  },
})
export type ControllerRegistrationRequest = Of<typeof ControllerRegistrationRequest>

export const ControllerRegistrationResponse = message({
  name: 'ControllerRegistrationResponse',
  type: 'response',
  key: 70,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: nullableString('0+', { default: '' }),
  },
})
export type ControllerRegistrationResponse = Of<typeof ControllerRegistrationResponse>
