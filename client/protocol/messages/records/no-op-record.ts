/** Record of the metadata log: NoOpRecord (type 20). */
import { message, type Of } from '../../schema.ts'

export const NoOpRecord = message({
  name: 'NoOpRecord',
  type: 'metadata',
  key: 20,
  versions: '0',
  flexible: '0+',
  fields: {},
})
export type NoOpRecord = Of<typeof NoOpRecord>
