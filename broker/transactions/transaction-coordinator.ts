/**
 * The transactions coordinated here: who asks is brought to the shard that knows the transactional id.
 * Owns: the shards of `__transaction_state`, and the markers on their way. Never: decides (rules.ts), or changes a state (transaction-machine.ts).
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { CoordinatorError } from '../coordinator/coordinator-error.ts'
import { Shards } from '../coordinator/shards.ts'
import type { Logger } from '../metrics/logger.ts'
import type { TransactionFigures } from '../metrics/transaction-metrics.ts'
import type { Clock } from '../platform/clock.ts'
import type { EndOfTransaction } from '../replication/end-marker.ts'
import type { Partition } from '../replication/partition.ts'
import type { Replicas } from '../replication/replicas.ts'
import { type MarkerWriter, Markers } from './markers.ts'
import type { Claim } from './rules.ts'
import type { Partitions, Transaction, TransactionVersion } from './transaction.ts'
import { type NeedsProducerId, type ProducerAnswer, TransactionMachine, type TransactionTimes } from './transaction-machine.ts'
import { transactionCodec, type TransactionRecord } from './transaction-records.ts'

export interface TransactionCoordinatorOptions {
  readonly topic: string
  readonly replicas: Replicas
  readonly clock: Clock
  readonly logger: Logger
  readonly markerWriter: MarkerWriter
  times(): TransactionTimes
  /** The version of transactions that the cluster has finalized. */
  version(): TransactionVersion
  /** -1: there is none to be had now. */
  nextProducerId(): Promise<number>
}

export class TransactionCoordinator {
  readonly shards: Shards<TransactionRecord, TransactionMachine>
  readonly markers: Markers
  readonly #options: TransactionCoordinatorOptions
  readonly #ended = { committed: 0, aborted: 0, timedOut: 0 }

  constructor(options: TransactionCoordinatorOptions) {
    const { topic, replicas, clock, logger, markerWriter, version } = options
    this.#options = options
    this.markers = new Markers({ writer: markerWriter, clock, logger })
    this.shards = new Shards({
      topic,
      replicas,
      clock,
      logger,
      codec: transactionCodec(version),
      machine: (partition) => this.#machine(partition),
    })
  }

  get topic(): string {
    return this.#options.topic
  }

  follow(): void {
    this.shards.follow()
  }

  close(): void {
    this.markers.close()
    this.shards.close()
  }

  get figures(): TransactionFigures {
    let ongoing = 0
    for (const { machine } of this.shards.all()) ongoing += machine.ongoingCount
    return { ...this.#ended, ongoing, markersOutstanding: this.markers.outstanding }
  }

  #machine({ index, leaderEpoch }: Partition): TransactionMachine {
    const { logger, times, version } = this.#options
    const machine: TransactionMachine = new TransactionMachine({
      times,
      serverVersion: version,
      decided: (transaction) => this.#send(machine, index, leaderEpoch, transaction),
      ended: ({ transactionalId, producerId, producerEpoch }, how) => {
        this.#ended[how]++
        if (how !== 'timedOut') return
        logger.info({ transactionalId, producerId, producerEpoch }, 'A transaction took longer than its timeout, and is aborted')
      },
    })
    return machine
  }

  #send(machine: TransactionMachine, index: number, coordinatorEpoch: number, transaction: Transaction): void {
    const shard = this.shards.at(index)
    if (shard?.machine !== machine) return
    this.markers.send({
      transaction,
      coordinatorEpoch,
      isInOffice: () => shard.stage === 'active',
      done: () => {
        // Who is no longer in office needs not know: the next one writes the markers again.
        shard.run((turn) => machine.markersWritten(turn, transaction)).catch(ignoreCoordinatorError)
      },
    })
  }

  /** InitProducerId with a transactional id: CONCURRENT_TRANSACTIONS where a transaction must be ended first, which has been seen to. */
  initProducer(transactionalId: string, timeoutMillis: number, expected: Claim | undefined): Promise<ProducerAnswer> {
    return this.#withFreshId((freshId) => {
      const shard = this.shards.of(transactionalId)
      return shard.run((turn) => shard.machine.initProducer(turn, { transactionalId, timeoutMillis, expected, freshId }))
    })
  }

  /** EndTxn: what the producer goes on with. The markers are written after the answer. */
  end(transactionalId: string, claim: Claim, committed: boolean, clientVersion: TransactionVersion): Promise<ProducerAnswer> {
    return this.#withFreshId((freshId) => {
      const shard = this.shards.of(transactionalId)
      return shard.run((turn) => shard.machine.end(turn, { transactionalId, ...claim, committed, clientVersion, freshId }))
    })
  }

  /** Adds to the producer's transaction, or begins it. The error code. */
  addPartitions(transactionalId: string, claim: Claim, added: Partitions, clientVersion: TransactionVersion): Promise<number> {
    return codeOf(() => {
      const shard = this.shards.of(transactionalId)
      const request = { transactionalId, claim, added, clientVersion }
      return shard.ask<number>((turn, parked) => shard.machine.addPartitions(turn, request, parked))
    })
  }

  /** Whether the partition is part of the producer's transaction under way. The error code. */
  verifyPartition(transactionalId: string, claim: Claim, topic: string, index: number): Promise<number> {
    return codeOf(() => {
      const shard = this.shards.of(transactionalId)
      return shard.run(() => shard.machine.verifyPartition(transactionalId, claim, topic, index))
    })
  }

  /** WriteTxnMarkers, to a partition that is led here: what another coordinator decided. The error code. */
  writeMarker(topic: string, index: number, end: EndOfTransaction): Promise<number> {
    return this.#options.markerWriter.write(topic, index, end)
  }

  /** As it is known and committed; undefined: no such transactional id. Rejects with CoordinatorError. */
  async describe(transactionalId: string): Promise<Transaction | undefined> {
    const shard = this.shards.of(transactionalId)
    return shard.run(() => shard.machine.get(transactionalId))
  }

  /** All that are coordinated here. Rejects with CoordinatorError while some are still being loaded. */
  async list(): Promise<Transaction[]> {
    const listed = await Promise.all([...this.shards.all()].map((shard) => shard.run(() => [...shard.machine.all()])))
    return listed.flat()
  }

  async #withFreshId(ask: (freshId: number | undefined) => Promise<ProducerAnswer | NeedsProducerId>): Promise<ProducerAnswer> {
    let freshId: number | undefined
    try {
      for (;;) {
        const answer = await ask(freshId)
        if (answer !== 'needs producer id') return answer
        freshId = await this.#options.nextProducerId()
        if (freshId < 0) throw new CoordinatorError(ErrorCode.COORDINATOR_NOT_AVAILABLE)
      }
    } catch (error) {
      if (error instanceof CoordinatorError) return { error: error.code, producerId: -1, producerEpoch: -1 }
      throw error
    }
  }
}

/** NONE or whatever is answered, or why the coordinator does not answer. */
async function codeOf(ask: () => Promise<number>): Promise<number> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof CoordinatorError) return error.code
    throw error
  }
}

function ignoreCoordinatorError(error: unknown): void {
  if (!(error instanceof CoordinatorError)) throw error
}
