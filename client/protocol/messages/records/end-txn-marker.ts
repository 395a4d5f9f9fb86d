/** Data EndTxnMarker. */
import { int32, message, type Of } from '../../schema.ts'

export const EndTxnMarker = message({
  name: 'EndTxnMarker',
  type: 'data',
  versions: '0',
  fields: {
    coordinatorEpoch: int32('0+'),
  },
})
export type EndTxnMarker = Of<typeof EndTxnMarker>
