/** What the cluster keeps of users' passwords for SCRAM (KIP-554): which there are, and new ones. Passwords never leave the client. */
import { AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse } from '../protocol/messages/alter-user-scram-credentials.ts'
import {
  DescribeUserScramCredentialsRequest,
  DescribeUserScramCredentialsResponse,
} from '../protocol/messages/describe-user-scram-credentials.ts'
import { scramMechanisms, saltPassword } from '../protocol/scram.ts'
import type { CallOptions } from '../network/patience.ts'
import { Enumeration } from './enumeration.ts'
import { check, type Outcome, outcome } from './outcome.ts'
import type { Reach } from './reach.ts'

const mechanisms = new Enumeration({
  'scram-sha-256': scramMechanisms['SCRAM-SHA-256'].type,
  'scram-sha-512': scramMechanisms['SCRAM-SHA-512'].type,
})
const kafkaName = { 'scram-sha-256': 'SCRAM-SHA-256', 'scram-sha-512': 'SCRAM-SHA-512' } as const

export type ScramName = keyof typeof kafkaName

export interface ScramUser {
  readonly user: string
}

export interface ScramUserCredentials {
  readonly credentials: readonly { readonly mechanism: ScramName | 'unknown'; readonly iterations: number }[]
}

export interface NewScramCredential extends ScramUser {
  readonly mechanism: ScramName
  readonly password: string
  /** 4096 if left out; at most 16384. */
  readonly iterations?: number
}

export interface OldScramCredential extends ScramUser {
  readonly mechanism: ScramName
}

const saltBytes = 24

export class ScramCredentialAdmin {
  readonly #reach: Reach

  constructor(reach: Reach) {
    this.#reach = reach
  }

  /** Of all users that have any if none is named. RESOURCE_NOT_FOUND of a user who has none. */
  describe(users?: readonly string[], call: CallOptions = {}): Promise<Outcome<ScramUser, ScramUserCredentials>[]> {
    return this.#reach.anywhere(call, async (ask) => {
      const body = { users: users?.map((name) => ({ name })) ?? null }
      const answer = await ask(DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse, body)
      check(answer, 'cannot describe SCRAM credentials')
      return answer.results.map(({ user, errorCode, errorMessage, credentialInfos }) => {
        const credentials = credentialInfos.map(({ mechanism, iterations }) => ({ mechanism: mechanisms.name(mechanism), iterations }))
        return outcome({ user }, { errorCode, errorMessage }, `cannot describe the SCRAM credentials of '${user}'`, { credentials })
      })
    })
  }

  /** By user: all of one user's changes are made, or none. */
  async alter(
    { set = [], remove = [] }: { readonly set?: readonly NewScramCredential[]; readonly remove?: readonly OldScramCredential[] },
    call: CallOptions = {},
  ): Promise<Outcome<ScramUser>[]> {
    const { iterationsMin } = scramMechanisms['SCRAM-SHA-256']
    const upsertions = await Promise.all(
      set.map(async ({ user, mechanism, password, iterations = iterationsMin }) => {
        const salt = Buffer.from(this.#reach.randomBytes(saltBytes))
        const saltedPassword = await saltPassword(kafkaName[mechanism], password, salt, iterations)
        return { name: user, mechanism: mechanisms.code(mechanism), iterations, salt, saltedPassword }
      }),
    )
    const deletions = remove.map(({ user, mechanism }) => ({ name: user, mechanism: mechanisms.code(mechanism) }))
    return this.#reach.controller(call, async (ask) => {
      const { results } = await ask(AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse, { deletions, upsertions })
      return results.map(({ user, errorCode, errorMessage }) =>
        outcome({ user }, { errorCode, errorMessage }, `cannot alter the SCRAM credentials of '${user}'`, {}),
      )
    })
  }
}
