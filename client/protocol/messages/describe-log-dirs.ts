/** DescribeLogDirs (key 35). */
import { array, bool, int16, int32, int64, message, nullableArray, type Of, string } from '../schema.ts'

export const DescribeLogDirsRequest = message({
  name: 'DescribeLogDirsRequest',
  type: 'request',
  key: 35,
  versions: '0-5',
  flexible: '2+',
  fields: {
    topics: nullableArray(
      '0+',
      {
        topic: string('0+'),
        partitions: array('0+', int32),
      },
      { default: [] },
    ),
  },
})
export type DescribeLogDirsRequest = Of<typeof DescribeLogDirsRequest>

export const DescribeLogDirsResponse = message({
  name: 'DescribeLogDirsResponse',
  type: 'response',
  key: 35,
  versions: '0-5',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('3+', { ignorable: true }),
    results: array('0+', {
      errorCode: int16('0+'),
      logDir: string('0+'),
      topics: array('0+', {
        name: string('0+'),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
          partitionSize: int64('0+'),
          offsetLag: int64('0+'),
          isFutureKey: bool('0+'),
        }),
      }),
      totalBytes: int64('4+', { default: -1, ignorable: true }),
      usableBytes: int64('4+', { default: -1, ignorable: true }),
      isCordoned: bool('5+', { ignorable: true }),
    }),
  },
})
export type DescribeLogDirsResponse = Of<typeof DescribeLogDirsResponse>
