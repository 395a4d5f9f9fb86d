/** Data ControlRecordTypeSchema. */
import { int16, message, type Of } from '../../schema.ts'

export const ControlRecordTypeSchema = message({
  name: 'ControlRecordTypeSchema',
  type: 'data',
  versions: '0',
  fields: {
    type: int16('0+'),
  },
})
export type ControlRecordTypeSchema = Of<typeof ControlRecordTypeSchema>
