/** ApiVersions (key 18). */
import { array, bool, int16, int32, int64, message, nullableString, type Of, string } from '../schema.ts'

export const ApiVersionsRequest = message({
  name: 'ApiVersionsRequest',
  type: 'request',
  key: 18,
  versions: '0-5',
  flexible: '3+',
  fields: {
    clientSoftwareName: string('3+', { ignorable: true }), // KIP-511
    clientSoftwareVersion: string('3+', { ignorable: true }),
    clusterId: nullableString('5+', { ignorable: true }),
    nodeId: int32('5+', { default: -1, ignorable: true }),
  },
})
export type ApiVersionsRequest = Of<typeof ApiVersionsRequest>

export const ApiVersionsResponse = message({
  name: 'ApiVersionsResponse',
  type: 'response',
  key: 18,
  versions: '0-5',
  flexible: '3+',
  fields: {
    errorCode: int16('0+'),
    apiKeys: array('0+', {
      apiKey: int16('0+'),
      minVersion: int16('0+'),
      maxVersion: int16('0+'),
    }),
    throttleTimeMs: int32('1+', { ignorable: true }),
    supportedFeatures: array(
      '3+',
      {
        name: string('3+'),
        minVersion: int16('3+'),
        maxVersion: int16('3+'),
      },
      { ignorable: true, tag: 0 },
    ), // KIP-584
    finalizedFeaturesEpoch: int64('3+', { default: -1, ignorable: true, tag: 1 }),
    finalizedFeatures: array(
      '3+',
      {
        name: string('3+'),
        maxVersionLevel: int16('3+'),
        minVersionLevel: int16('3+'),
      },
      { ignorable: true, tag: 2 },
    ), // KIP-584
    zkMigrationReady: bool('3+', { ignorable: true, tag: 3 }),
  },
})
export type ApiVersionsResponse = Of<typeof ApiVersionsResponse>
