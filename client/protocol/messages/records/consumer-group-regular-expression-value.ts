/** Value of a coordinator’s record: ConsumerGroupRegularExpressionValue (type 16). */
import { array, int64, message, type Of, string } from '../../schema.ts'

export const ConsumerGroupRegularExpressionValue = message({
  name: 'ConsumerGroupRegularExpressionValue',
  type: 'coordinator-value',
  key: 16,
  versions: '0',
  flexible: '0+',
  fields: {
    topics: array('0+', string),
    version: int64('0+'),
    timestamp: int64('0+'),
  },
})
export type ConsumerGroupRegularExpressionValue = Of<typeof ConsumerGroupRegularExpressionValue>
