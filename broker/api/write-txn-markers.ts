/**
 * WriteTxnMarkers (key 27): a coordinator on another broker, or an administrator who ends a transaction that hangs, has markers written
 * to partitions that are led here.
 */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { WriteTxnMarkersRequest, WriteTxnMarkersResponse } from '../../client/protocol/messages/write-txn-markers.ts'
import type { Of } from '../../client/protocol/schema.ts'
import { api } from './handler.ts'
import type { Services } from './services.ts'
import { partitionFault } from './transactional.ts'

type Marker = Of<typeof WriteTxnMarkersRequest>['markers'][number]

export const writeTxnMarkers = api({
  request: WriteTxnMarkersRequest,
  response: WriteTxnMarkersResponse,
  versions: [1, 2],
  async handle({ markers }, _context, services) {
    return { markers: await Promise.all(markers.map((marker) => write(marker, services))) }
  },
})

async function write({ topics, transactionResult, ...marker }: Marker, services: Services) {
  const end = { ...marker, committed: transactionResult }
  const written = topics.map(async ({ name, partitionIndexes }) => ({
    name,
    partitions: await Promise.all(
      partitionIndexes.map(async (partitionIndex) => {
        const unknown = partitionFault(services, name, partitionIndex)
        const errorCode = unknown || (await services.transactions.writeMarker(name, partitionIndex, end))
        return {
          partitionIndex,
          errorCode: errorCode === ErrorCode.NOT_LEADER_OR_FOLLOWER ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : errorCode,
        }
      }),
    ),
  }))
  return { producerId: marker.producerId, topics: await Promise.all(written) }
}
