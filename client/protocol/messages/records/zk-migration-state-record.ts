/** Record of the metadata log: ZkMigrationStateRecord (type 21). */
import { int8, message, type Of } from '../../schema.ts'

export const ZkMigrationStateRecord = message({
  name: 'ZkMigrationStateRecord',
  type: 'metadata',
  key: 21,
  versions: '0',
  flexible: '0+',
  fields: {
    zkMigrationState: int8('0+'),
  },
})
export type ZkMigrationStateRecord = Of<typeof ZkMigrationStateRecord>
