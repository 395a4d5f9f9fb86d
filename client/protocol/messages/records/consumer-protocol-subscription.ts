/** Data ConsumerProtocolSubscription. */
import { array, int32, message, nullableBytes, nullableString, type Of, string } from '../../schema.ts'

export const ConsumerProtocolSubscription = message({
  name: 'ConsumerProtocolSubscription',
  type: 'data',
  versions: '0-3',
  fields: {
    topics: array('0+', string),
    userData: nullableBytes('0+'),
    ownedPartitions: array(
      '1+',
      {
        topic: string('1+'),
        partitions: array('1+', int32),
      },
      { ignorable: true },
    ),
    generationId: int32('2+', { default: -1, ignorable: true }),
    rackId: nullableString('3+', { ignorable: true }),
  },
})
export type ConsumerProtocolSubscription = Of<typeof ConsumerProtocolSubscription>
