/** ListTransactions (key 66): the transactional ids that this broker coordinates, by state, producer, age (KIP-994) and name (KIP-1152). */
import { RE2JS, RE2JSSyntaxException } from 're2js'
import { ErrorCode } from '../../client/protocol/errors.ts'
import { ListTransactionsRequest, ListTransactionsResponse } from '../../client/protocol/messages/list-transactions.ts'
import type { Of } from '../../client/protocol/schema.ts'
import { CoordinatorError } from '../coordinator/coordinator-error.ts'
import { stateNames, type Transaction, type TransactionState } from '../transactions/transaction.ts'
import { api } from './handler.ts'

const names: readonly string[] = stateNames

export const listTransactions = api({
  request: ListTransactionsRequest,
  response: ListTransactionsResponse,
  versions: [0, 2],
  async handle(request, { now }, { transactions }) {
    const unknownStateFilters = request.stateFilters.filter((name) => !names.includes(name))
    try {
      const isWanted = filterOf(request, now)
      const listed = (await transactions.list()).filter(isWanted)
      const transactionStates = listed.map(({ transactionalId, producerId, state }) => ({
        transactionalId,
        producerId,
        transactionState: state,
      }))
      return { unknownStateFilters, transactionStates }
    } catch (error) {
      if (error instanceof CoordinatorError) return { errorCode: error.code, unknownStateFilters }
      throw error
    }
  },
})

/** Of what is given, all must hold. Throws CoordinatorError: the pattern is none. */
function filterOf(request: Of<typeof ListTransactionsRequest>, now: number): (transaction: Transaction) => boolean {
  const states = new Set(request.stateFilters as TransactionState[])
  const producerIds = new Set(request.producerIdFilters)
  const { durationFilter, transactionalIdPattern } = request
  const pattern = transactionalIdPattern ? patternOf(transactionalIdPattern) : undefined
  return ({ transactionalId, state, producerId, startedAt }) => {
    if (producerIds.size > 0 && !producerIds.has(producerId)) return false
    if (states.size > 0 && !states.has(state)) return false
    if (durationFilter >= 0 && now - startedAt <= durationFilter) return false
    return pattern === undefined || pattern.matches(transactionalId)
  }
}

/** RE2's language, matched in linear time. */
function patternOf(text: string): RE2JS {
  try {
    return RE2JS.compile(text)
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) throw new CoordinatorError(ErrorCode.INVALID_REGULAR_EXPRESSION)
    throw error
  }
}
