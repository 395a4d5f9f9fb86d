/** Data KRaftVersionRecord. */
import { int16, message, type Of } from '../../schema.ts'

export const KRaftVersionRecord = message({
  name: 'KRaftVersionRecord',
  type: 'data',
  versions: '0',
  flexible: '0+',
  fields: {
    version: int16('0+'),
    kRaftVersion: int16('0+'),
  },
})
export type KRaftVersionRecord = Of<typeof KRaftVersionRecord>
