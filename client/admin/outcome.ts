/** Where Kafka answers item by item, so does the client: each has its result, or its error. */
import { answeredError, type ClientError, type ErrorDetails } from '../network/client-error.ts'
import { ErrorCode, type ErrorName, errorOf } from '../protocol/errors.ts'

/** What became of one of several: `error` tells which. */
export type Outcome<Key, Result = object> = Key & ((Result & { readonly error?: undefined }) | { readonly error: ClientError })

/** It was asked of the wrong broker, or too early: the whole request is tried again elsewhere or later. */
const elsewhere: ReadonlySet<ErrorName> = new Set<ErrorName>([
  'NOT_CONTROLLER',
  'NOT_COORDINATOR',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_LEADER_OR_FOLLOWER',
])

interface Answered extends ErrorDetails {
  readonly errorCode: number
  readonly errorMessage?: string | null
}

/** Throws a ClientError unless the code is NONE. */
export function check({ errorCode, errorMessage = null, ...details }: Answered, what: string): void {
  if (errorCode !== ErrorCode.NONE) throw answeredError(errorCode, what, { ...details, message: errorMessage || null })
}

/** @param what what could not be done, in words. Throws what is to be tried again. */
export function outcome<Key, Result>(key: Key, answered: Answered, what: string, result: Result): Outcome<Key, Result> {
  const { errorCode, errorMessage = null, ...details } = answered
  if (errorCode === ErrorCode.NONE) return { ...key, ...result } as Outcome<Key, Result>
  const error = answeredError(errorCode, what, { ...details, message: errorMessage || null })
  if (elsewhere.has(errorOf(errorCode).name)) throw error
  return { ...key, error }
}

/** The results; throws the first error there is. */
export function orThrow<Key, Result>(outcomes: readonly Outcome<Key, Result>[]): (Key & Result)[] {
  return outcomes.map((one) => {
    if (one.error !== undefined) throw one.error
    return one
  })
}
