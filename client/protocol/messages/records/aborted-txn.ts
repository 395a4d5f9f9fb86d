/** Data AbortedTxn. */
import { int64, message, type Of } from '../../schema.ts'

export const AbortedTxn = message({
  name: 'AbortedTxn',
  type: 'data',
  versions: '0',
  fields: {
    producerId: int64('0+'),
    firstOffset: int64('0+'),
    lastOffset: int64('0+'),
    lastStableOffset: int64('0+'),
  },
})
export type AbortedTxn = Of<typeof AbortedTxn>
