/** Envelope (key 58). */
import { bytes, emptyBytes, int16, message, nullableBytes, type Of } from '../schema.ts'

export const EnvelopeRequest = message({
  name: 'EnvelopeRequest',
  type: 'request',
  key: 58,
  versions: '0',
  flexible: '0+',
  fields: {
    requestData: bytes('0+'),
    requestPrincipal: nullableBytes('0+', { default: emptyBytes }),
    clientHostAddress: bytes('0+'),
  },
})
export type EnvelopeRequest = Of<typeof EnvelopeRequest>

export const EnvelopeResponse = message({
  name: 'EnvelopeResponse',
  type: 'response',
  key: 58,
  versions: '0',
  flexible: '0+',
  fields: {
    responseData: nullableBytes('0+'),
    errorCode: int16('0+'),
  },
})
export type EnvelopeResponse = Of<typeof EnvelopeResponse>
