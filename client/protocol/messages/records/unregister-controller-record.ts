/** Record of the metadata log: UnregisterControllerRecord (type 29). */
import { int32, message, type Of } from '../../schema.ts'

export const UnregisterControllerRecord = message({
  name: 'UnregisterControllerRecord',
  type: 'metadata',
  key: 29,
  versions: '0',
  flexible: '0+',
  fields: {
    controllerId: int32('0+'),
  },
})
export type UnregisterControllerRecord = Of<typeof UnregisterControllerRecord>
