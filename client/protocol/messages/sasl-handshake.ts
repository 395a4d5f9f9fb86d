/** SaslHandshake (key 17). */
import { array, int16, message, type Of, string } from '../schema.ts'

export const SaslHandshakeRequest = message({
  name: 'SaslHandshakeRequest',
  type: 'request',
  key: 17,
  versions: '0-1',
  fields: {
    mechanism: string('0+'),
  },
})
export type SaslHandshakeRequest = Of<typeof SaslHandshakeRequest>

export const SaslHandshakeResponse = message({
  name: 'SaslHandshakeResponse',
  type: 'response',
  key: 17,
  versions: '0-1',
  fields: {
    errorCode: int16('0+'),
    mechanisms: array('0+', string),
  },
})
export type SaslHandshakeResponse = Of<typeof SaslHandshakeResponse>
