/** AllocateProducerIds (key 67). */
import { int16, int32, int64, message, type Of } from '../schema.ts'

export const AllocateProducerIdsRequest = message({
  name: 'AllocateProducerIdsRequest',
  type: 'request',
  key: 67,
  versions: '0',
  flexible: '0+',
  fields: {
    brokerId: int32('0+'),
    brokerEpoch: int64('0+', { default: -1 }),
  },
})
export type AllocateProducerIdsRequest = Of<typeof AllocateProducerIdsRequest>

export const AllocateProducerIdsResponse = message({
  name: 'AllocateProducerIdsResponse',
  type: 'response',
  key: 67,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    producerIdStart: int64('0+'),
    producerIdLen: int32('0+'),
  },
})
export type AllocateProducerIdsResponse = Of<typeof AllocateProducerIdsResponse>
