/** ListTransactions (key 66): the transactional ids that this broker coordinates, by state, producer, age (KIP-994) and name (KIP-1152). */
import { ListTransactionsRequest, ListTransactionsResponse } from '../../client/protocol/messages/list-transactions.ts'
import { CoordinatorError } from '../coordinator/coordinator-error.ts'
import { stateNames, type TransactionState } from '../transactions/transaction.ts'
import { api } from './handler.ts'

const names: readonly string[] = stateNames

export const listTransactions = api({
  request: ListTransactionsRequest,
  response: ListTransactionsResponse,
  versions: [0, 1],
  async handle({ stateFilters, producerIdFilters, durationFilter }, { now }, { transactions }) {
    const states = new Set(stateFilters.filter((name) => names.includes(name)) as TransactionState[])
    const producerIds = new Set(producerIdFilters)
    const unknownStateFilters = stateFilters.filter((name) => !names.includes(name))
    try {
      const listed = (await transactions.list()).filter(({ state, producerId, startedAt }) => {
        if (producerIds.size > 0 && !producerIds.has(producerId)) return false
        if (stateFilters.length > 0 && !states.has(state)) return false
        return durationFilter < 0 || now - startedAt > durationFilter
      })
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
