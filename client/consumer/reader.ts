/**
 * Reads a topic from where it is told, without a group, to its end or on and on: a consumer that chooses its partitions.
 * Owns: where each partition begins and ends.
 */
import { ClientError } from '../network/client-error.ts'
import { patiently } from '../network/patience.ts'
import type { Serde } from '../serde/serde.ts'
import { type ClientParts, Consumer } from './consumer.ts'
import type { ChosenPartition, ConsumedRecord, Position } from './consumed.ts'
import { OffsetLookup } from './offset-lookup.ts'

/** As it is; in Node bytes are Buffers. */
export interface ReadRecord extends ConsumedRecord<Buffer | null, Buffer | null> {
  readonly headers: readonly (readonly [key: string, value: Buffer | null])[]
}

/** `beforeEnd`: so many offsets before the end, and not before the beginning. */
export type ReadPosition = Position | { readonly beforeEnd: number }

export interface ReadOptions {
  /** All of them if left out. */
  readonly partitions?: readonly number[]
  readonly from: ReadPosition
  /** End once what is there now has been read, instead of waiting for more. */
  readonly untilEnd?: boolean
  /** End before this place. */
  readonly until?: ReadPosition
  readonly readCommitted?: boolean
  /** Ends it. */
  readonly signal?: AbortSignal
  /** Told of the records ahead, for showing progress: those there at the start, over all partitions. */
  readonly onStart?: (records: number) => void
}

const buffers: Pick<Serde<Buffer | null>, 'decode'> = { decode: (given) => given as Buffer | null }

export class Reader {
  readonly #parts: ClientParts

  constructor(parts: ClientParts) {
    this.#parts = parts
  }

  /** The records of a topic, a partition's in its order; lists as they come, so that a caller may work in bulk. */
  async *batches(topic: string, options: ReadOptions): AsyncGenerator<readonly ReadRecord[]> {
    const { signal, readCommitted = false } = options
    try {
      await using consumer = new Consumer(this.#parts, {
        partitions: await this.#places(topic, options),
        outOfRange: 'fail',
        isolation: readCommitted ? 'committed' : 'uncommitted',
        key: buffers,
        value: buffers,
        patienceMs: this.#parts.pool.options.requestTimeoutMs,
      })
      for await (const { records } of consumer.batches(signal ? { signal } : {})) yield records as readonly ReadRecord[]
      // Who reads up to somewhere must not take what came for all there is.
      if (consumer.isCutShort && (options.untilEnd || options.until !== undefined))
        throw new ClientError('CLIENT_CLOSED', `this client was closed before '${topic}' was read to its end`, { topic })
    } catch (error) {
      if (!signal?.aborted) throw error
    }
  }

  /** Where each partition begins, and where it ends if it does. */
  async #places(
    topic: string,
    { partitions, from, until, untilEnd = false, readCommitted = false, signal, onStart }: ReadOptions,
  ): Promise<ChosenPartition[]> {
    const { cluster, pool } = this.#parts
    const { leaders } = await cluster.topic(topic, { signal })
    const lookup = new OffsetLookup(cluster, readCommitted)
    const known = (partition: number, position: Position) =>
      patiently(
        pool.options,
        () => lookup.offsetOf(topic, partition, position),
        () => cluster.forget(topic),
        { signal },
      )
    const offsetOf = async (partition: number, position: ReadPosition) => {
      if (typeof position !== 'object' || !('beforeEnd' in position)) return known(partition, position)
      const [beginning, end] = await Promise.all([known(partition, 'beginning'), known(partition, 'end')])
      return Math.max(beginning, end - position.beforeEnd)
    }
    const chosen = await Promise.all(
      (partitions ?? [...leaders.keys()]).map(async (partition) => {
        const [start, end, bound] = await Promise.all([
          offsetOf(partition, from),
          offsetOf(partition, 'end'),
          until === undefined ? undefined : offsetOf(partition, until),
        ])
        const stop = untilEnd ? Math.min(end, bound ?? end) : bound
        return { topic, partition, start, end: Math.min(end, stop ?? end), stop }
      }),
    )
    onStart?.(chosen.reduce((records, { start, end }) => records + Math.max(0, end - start), 0))
    return chosen.map(({ topic, partition, start, stop }) => ({
      topic,
      partition,
      from: { offset: start },
      ...(stop !== undefined && { until: stop }),
    }))
  }
}
