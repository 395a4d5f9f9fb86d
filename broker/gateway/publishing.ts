/**
 * A `publish` becomes a record batch, and goes the way of every produce request.
 * Its producer, epoch and sequence are the log's own: a batch that was written before a connection broke is known when it comes again.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import type { ClientMessageOf } from '../../client/protocol/stream/client-messages.ts'
import type { ServerMessage } from '../../client/protocol/stream/server-messages.ts'
import { buildBatch } from '../../client/records/builder.ts'
import type { ApiCalls } from './api-calls.ts'
import { wordsOf } from './partition-reader.ts'

const unknownOffset = -1

export async function publish(
  calls: ApiCalls,
  { request, topic, partition, records, producer }: ClientMessageOf<'publish'>,
): Promise<ServerMessage> {
  if (records.length === 0) return { type: 'error', request, ...wordsOf(ErrorCode.INVALID_RECORD), message: 'a publish of no records' }
  const now = calls.services.clock.now()
  const batch = buildBatch({
    records: records.map(({ key, value, headers, timestamp = now }) => ({
      timestamp,
      key: viewOf(key),
      value: viewOf(value),
      headers: headers?.map(([name, content]) => [name, viewOf(content)] as const) ?? [],
    })),
    ...(producer && { producerId: producer.id, producerEpoch: producer.epoch, baseSequence: producer.sequence }),
  })
  const { code, message, offset, timestamp } = await calls.produce({ topic, partition }, batch)
  // Written before, and so long ago that the log has forgotten where.
  if (code === ErrorCode.DUPLICATE_SEQUENCE_NUMBER) return { type: 'published', request, offset: unknownOffset, timestamp: -1 }
  if (code === ErrorCode.NONE) return { type: 'published', request, offset, timestamp }
  const words = wordsOf(code)
  return { type: 'error', request, topic, partition, ...words, message: `${topic}-${partition}: ${message ?? words.message}` }
}

function viewOf(bytes: Uint8Array | null | undefined): Buffer | null {
  return bytes ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) : null
}
