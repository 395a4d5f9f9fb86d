/** Data ProducerSnapshot. */
import { array, int16, int32, int64, message, type Of, uint32 } from '../../schema.ts'

export const ProducerSnapshot = message({
  name: 'ProducerSnapshot',
  type: 'data',
  versions: '1',
  fields: {
    crc: uint32('1+'),
    producerEntries: array('1+', {
      producerId: int64('1+'),
      epoch: int16('1+'),
      lastSequence: int32('1+'),
      lastOffset: int64('1+'),
      offsetDelta: int32('1+'),
      timestamp: int64('1+'),
      coordinatorEpoch: int32('1+'),
      currentTxnFirstOffset: int64('1+'),
    }),
  },
})
export type ProducerSnapshot = Of<typeof ProducerSnapshot>
