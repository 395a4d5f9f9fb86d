/** Data ConsumerProtocolAssignment. */
import { array, int32, message, nullableBytes, type Of, string } from '../../schema.ts'

export const ConsumerProtocolAssignment = message({
  name: 'ConsumerProtocolAssignment',
  type: 'data',
  versions: '0-3',
  fields: {
    assignedPartitions: array('0+', {
      topic: string('0+'),
      partitions: array('0+', int32),
    }),
    userData: nullableBytes('0+'),
  },
})
export type ConsumerProtocolAssignment = Of<typeof ConsumerProtocolAssignment>
