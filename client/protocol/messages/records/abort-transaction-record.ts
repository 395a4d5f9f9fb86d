/** Record of the metadata log: AbortTransactionRecord (type 25). */
import { message, nullableString, type Of } from '../../schema.ts'

export const AbortTransactionRecord = message({
  name: 'AbortTransactionRecord',
  type: 'metadata',
  key: 25,
  versions: '0',
  flexible: '0+',
  fields: {
    reason: nullableString('0+', { tag: 0 }),
  },
})
export type AbortTransactionRecord = Of<typeof AbortTransactionRecord>
