/** Record of the metadata log: EndTransactionRecord (type 24). */
import { message, type Of } from '../../schema.ts'

export const EndTransactionRecord = message({
  name: 'EndTransactionRecord',
  type: 'metadata',
  key: 24,
  versions: '0',
  flexible: '0+',
  fields: {},
})
export type EndTransactionRecord = Of<typeof EndTransactionRecord>
