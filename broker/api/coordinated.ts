/** What handlers of coordinated APIs share: who asks, as coordinators keep it, and the refusal that takes an answer's place. */
import { CoordinatorError } from '../coordinator/coordinator-error.ts'
import type { Client } from '../groups/group.ts'
import type { RequestContext } from './handler.ts'

/** The coordinator's answer, or what `refuse` makes of the error code (and the sentence) that it gives instead. */
export async function answeredOr<A, R>(asked: Promise<A>, refuse: (errorCode: number, errorMessage: string) => R): Promise<A | R> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof CoordinatorError) return refuse(error.code, error.message)
    throw error
  }
}

export function clientOf({ clientId, host, apiVersion }: RequestContext): Client {
  return { clientId, host: `/${host}`, apiVersion }
}
