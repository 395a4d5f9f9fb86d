/** AlterReplicaLogDirs (key 34). */
import { array, int16, int32, message, type Of, string } from '../schema.ts'

export const AlterReplicaLogDirsRequest = message({
  name: 'AlterReplicaLogDirsRequest',
  type: 'request',
  key: 34,
  versions: '1-2',
  flexible: '2+',
  fields: {
    dirs: array('1+', {
      path: string('1+'),
      topics: array('1+', {
        name: string('1+'),
        partitions: array('1+', int32),
      }),
    }),
  },
})
export type AlterReplicaLogDirsRequest = Of<typeof AlterReplicaLogDirsRequest>

export const AlterReplicaLogDirsResponse = message({
  name: 'AlterReplicaLogDirsResponse',
  type: 'response',
  key: 34,
  versions: '1-2',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32('1+'),
    results: array('1+', {
      topicName: string('1+'),
      partitions: array('1+', {
        partitionIndex: int32('1+'),
        errorCode: int16('1+'),
      }),
    }),
  },
})
export type AlterReplicaLogDirsResponse = Of<typeof AlterReplicaLogDirsResponse>
