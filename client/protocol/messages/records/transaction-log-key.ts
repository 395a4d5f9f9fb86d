/** Key of a coordinator’s record: TransactionLogKey (type 0). */
import { message, type Of, string } from '../../schema.ts'

export const TransactionLogKey = message({
  name: 'TransactionLogKey',
  type: 'coordinator-key',
  key: 0,
  versions: '0',
  fields: {
    transactionalId: string('0+'),
  },
})
export type TransactionLogKey = Of<typeof TransactionLogKey>
