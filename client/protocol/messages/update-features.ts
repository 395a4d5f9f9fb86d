/** UpdateFeatures (key 57). */
import { array, bool, int16, int32, int8, message, nullableString, type Of, string } from '../schema.ts'

export const UpdateFeaturesRequest = message({
  name: 'UpdateFeaturesRequest',
  type: 'request',
  key: 57,
  versions: '0-2',
  flexible: '0+',
  fields: {
    timeoutMs: int32('0+', { default: 60000 }),
    featureUpdates: array('0+', {
      feature: string('0+'),
      maxVersionLevel: int16('0+'),
      allowDowngrade: bool('0'),
      upgradeType: int8('1+', { default: 1 }),
    }),
    validateOnly: bool('1+'),
  },
})
export type UpdateFeaturesRequest = Of<typeof UpdateFeaturesRequest>

export const UpdateFeaturesResponse = message({
  name: 'UpdateFeaturesResponse',
  type: 'response',
  key: 57,
  versions: '0-2',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: nullableString('0+', { default: '' }),
    results: array(
      '0-1',
      {
        feature: string('0-1'),
        errorCode: int16('0-1'),
        errorMessage: nullableString('0-1', { default: '' }),
      },
      { ignorable: true },
    ),
  },
})
export type UpdateFeaturesResponse = Of<typeof UpdateFeaturesResponse>
