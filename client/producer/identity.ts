/**
 * Who a producer is to the brokers: an id and an epoch, by which they drop what they have already (KIP-98).
 * Owns: the id at hand. A partition keeps the identity with which it began until that is of no more use to it.
 */
import type { BrokerPool } from '../network/broker-pool.ts'
import { answeredError } from '../network/client-error.ts'
import { ErrorCode } from '../protocol/errors.ts'
import { InitProducerIdRequest, InitProducerIdResponse } from '../protocol/messages/init-producer-id.ts'

export interface Identity {
  readonly producerId: number
  readonly producerEpoch: number
}

/** Without acknowledgements nothing is retried, and nothing need be told apart. */
export const nobody: Identity = { producerId: -1, producerEpoch: -1 }

export interface IdentitySource {
  /** The one to begin with; another one where `worn` is of no more use. Throws ClientError. */
  current(worn?: Identity): Promise<Identity>
}

/** Identities without a transactional id: there is always another one to be had. */
export class FreshIdentities implements IdentitySource {
  readonly #pool: BrokerPool
  #identity: Promise<Identity> | undefined
  #known: Identity | undefined

  constructor(pool: BrokerPool) {
    this.#pool = pool
  }

  async current(worn?: Identity): Promise<Identity> {
    if (this.#identity && (worn === undefined || worn !== this.#known)) return this.#identity
    this.#known = undefined
    const asking = this.#ask()
    this.#identity = asking
    try {
      this.#known = await asking
      return this.#known
    } catch (error) {
      if (this.#identity === asking) this.#identity = undefined
      throw error
    }
  }

  async #ask(): Promise<Identity> {
    const connection = await this.#pool.any()
    const body = { transactionalId: null, transactionTimeoutMs: 60_000 }
    const { errorCode, producerId, producerEpoch } = await connection.send(InitProducerIdRequest, InitProducerIdResponse, body)
    if (errorCode !== ErrorCode.NONE) throw answeredError(errorCode, 'cannot get a producer id', { broker: connection.broker })
    return { producerId, producerEpoch }
  }
}
