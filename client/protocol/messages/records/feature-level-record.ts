/** Record of the metadata log: FeatureLevelRecord (type 12). */
import { int16, message, type Of, string } from '../../schema.ts'

export const FeatureLevelRecord = message({
  name: 'FeatureLevelRecord',
  type: 'metadata',
  key: 12,
  versions: '0',
  flexible: '0+',
  fields: {
    name: string('0+'),
    featureLevel: int16('0+'),
  },
})
export type FeatureLevelRecord = Of<typeof FeatureLevelRecord>
