/** DescribeConfigs (key 32). */
import { array, bool, int16, int32, int8, message, nullableArray, nullableString, type Of, string } from '../schema.ts'

export const DescribeConfigsRequest = message({
  name: 'DescribeConfigsRequest',
  type: 'request',
  key: 32,
  versions: '0-4',
  flexible: '4+',
  fields: {
    resources: array('0+', {
      resourceType: int8('0+'),
      resourceName: string('0+'),
      configurationKeys: nullableArray('0+', string, { default: [] }),
    }),
    includeSynonyms: bool('1+'),
    includeDocumentation: bool('3+'),
  },
})
export type DescribeConfigsRequest = Of<typeof DescribeConfigsRequest>

export const DescribeConfigsResponse = message({
  name: 'DescribeConfigsResponse',
  type: 'response',
  key: 32,
  versions: '0-4',
  flexible: '4+',
  fields: {
    throttleTimeMs: int32('0+'),
    results: array('0+', {
      errorCode: int16('0+'),
      errorMessage: nullableString('0+', { default: '' }),
      resourceType: int8('0+'),
      resourceName: string('0+'),
      configs: array('0+', {
        name: string('0+'),
        value: nullableString('0+', { default: '' }),
        readOnly: bool('0+'),
        isDefault: bool('0'),
        configSource: int8('1+', { default: -1, ignorable: true }),
        isSensitive: bool('0+'),
        synonyms: array(
          '1+',
          {
            name: string('1+'),
            value: nullableString('1+', { default: '' }),
            source: int8('1+'),
          },
          { ignorable: true },
        ),
        configType: int8('3+', { ignorable: true }),
        documentation: nullableString('3+', { default: '', ignorable: true }),
      }),
    }),
  },
})
export type DescribeConfigsResponse = Of<typeof DescribeConfigsResponse>
