/** Record of the metadata log: BeginTransactionRecord (type 23). */
import { message, nullableString, type Of } from '../../schema.ts'

export const BeginTransactionRecord = message({
  name: 'BeginTransactionRecord',
  type: 'metadata',
  key: 23,
  versions: '0',
  flexible: '0+',
  fields: {
    name: nullableString('0+', { tag: 0 }),
  },
})
export type BeginTransactionRecord = Of<typeof BeginTransactionRecord>
