/** FindCoordinator (key 10). */
import { array, int16, int32, int8, message, nullableString, type Of, string } from '../schema.ts'

export const FindCoordinatorRequest = message({
  name: 'FindCoordinatorRequest',
  type: 'request',
  key: 10,
  versions: '0-6',
  flexible: '3+',
  fields: {
    key: string('0-3'),
    keyType: int8('1+'),
    coordinatorKeys: array('4+', string),
  },
})
export type FindCoordinatorRequest = Of<typeof FindCoordinatorRequest>

export const FindCoordinatorResponse = message({
  name: 'FindCoordinatorResponse',
  type: 'response',
  key: 10,
  versions: '0-6',
  flexible: '3+',
  fields: {
    throttleTimeMs: int32('1+', { ignorable: true }),
    errorCode: int16('0-3'),
    errorMessage: nullableString('1-3', { default: '', ignorable: true }),
    nodeId: int32('0-3'),
    host: string('0-3'),
    port: int32('0-3'),
    coordinators: array('4+', {
      key: string('4+'),
      nodeId: int32('4+'),
      host: string('4+'),
      port: int32('4+'),
      errorCode: int16('4+'),
      errorMessage: nullableString('4+', { default: '', ignorable: true }),
    }),
  },
})
export type FindCoordinatorResponse = Of<typeof FindCoordinatorResponse>
