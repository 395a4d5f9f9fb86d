/** Header RequestHeader. */
import { int16, int32, message, nullableString, type Of } from '../../schema.ts'

export const RequestHeader = message({
  name: 'RequestHeader',
  type: 'header',
  versions: '0-2',
  flexible: '2+',
  fields: {
    requestApiKey: int16('0+'),
    requestApiVersion: int16('0+'),
    correlationId: int32('0+'),
    clientId: nullableString('1+', { default: '', neverCompact: true }),
  },
})
export type RequestHeader = Of<typeof RequestHeader>
