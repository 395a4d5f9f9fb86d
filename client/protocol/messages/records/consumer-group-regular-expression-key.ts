/** Key of a coordinator’s record: ConsumerGroupRegularExpressionKey (type 16). */
import { message, type Of, string } from '../../schema.ts'

export const ConsumerGroupRegularExpressionKey = message({
  name: 'ConsumerGroupRegularExpressionKey',
  type: 'coordinator-key',
  key: 16,
  versions: '0',
  fields: {
    groupId: string('0+'),
    regularExpression: string('0+'),
  },
})
export type ConsumerGroupRegularExpressionKey = Of<typeof ConsumerGroupRegularExpressionKey>
