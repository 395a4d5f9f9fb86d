/** ListTransactions (key 66). */
import { array, int16, int32, int64, message, nullableString, type Of, string } from '../schema.ts'

export const ListTransactionsRequest = message({
  name: 'ListTransactionsRequest',
  type: 'request',
  key: 66,
  versions: '0-2',
  flexible: '0+',
  fields: {
    stateFilters: array('0+', string),
    producerIdFilters: array('0+', int64),
    durationFilter: int64('1+', { default: -1 }),
    transactionalIdPattern: nullableString('2+'),
  },
})
export type ListTransactionsRequest = Of<typeof ListTransactionsRequest>

export const ListTransactionsResponse = message({
  name: 'ListTransactionsResponse',
  type: 'response',
  key: 66,
  versions: '0-2',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    unknownStateFilters: array('0+', string),
    transactionStates: array('0+', {
      transactionalId: string('0+'),
      producerId: int64('0+'),
      transactionState: string('0+'),
    }),
  },
})
export type ListTransactionsResponse = Of<typeof ListTransactionsResponse>
