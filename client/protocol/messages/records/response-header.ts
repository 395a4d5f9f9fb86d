/** Header ResponseHeader. */
import { int32, message, type Of } from '../../schema.ts'

export const ResponseHeader = message({
  name: 'ResponseHeader',
  type: 'header',
  versions: '0-1',
  flexible: '1+',
  fields: {
    correlationId: int32('0+'),
  },
})
export type ResponseHeader = Of<typeof ResponseHeader>
