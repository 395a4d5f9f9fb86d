/** StreamsGroupHeartbeat (key 88). */
import {
  array,
  bool,
  int16,
  int32,
  int64,
  int8,
  message,
  nullableArray,
  nullableString,
  nullableStruct,
  type Of,
  string,
  struct,
  uint16,
} from '../schema.ts'

export const StreamsGroupHeartbeatRequest = message({
  name: 'StreamsGroupHeartbeatRequest',
  type: 'request',
  key: 88,
  versions: '0-1',
  flexible: '0+',
  fields: {
    groupId: string('0+'),
    memberId: string('0+'),
    memberEpoch: int32('0+'),
    endpointInformationEpoch: int32('0+'),
    instanceId: nullableString('0+'),
    rackId: nullableString('0+'),
    rebalanceTimeoutMs: int32('0+', { default: -1 }),
    topology: nullableStruct('0+', {
      epoch: int32('0+'),
      subtopologies: array('0+', {
        subtopologyId: string('0+'),
        sourceTopics: array('0+', string),
        sourceTopicRegex: array('0+', string),
        stateChangelogTopics: array('0+', {
          name: string('0+'),
          partitions: int32('0+'),
          replicationFactor: int16('0+'),
          topicConfigs: array('0+', {
            key: string('0+'),
            value: string('0+'),
          }),
        }),
        repartitionSinkTopics: array('0+', string),
        repartitionSourceTopics: array('0+', {
          name: string('0+'),
          partitions: int32('0+'),
          replicationFactor: int16('0+'),
          topicConfigs: array('0+', {
            key: string('0+'),
            value: string('0+'),
          }),
        }),
        copartitionGroups: array('0+', {
          sourceTopics: array('0+', int16),
          sourceTopicRegex: array('0+', int16),
          repartitionSourceTopics: array('0+', int16),
        }),
      }),
    }),
    activeTasks: nullableArray('0+', {
      subtopologyId: string('0+'),
      partitions: array('0+', int32),
    }),
    standbyTasks: nullableArray('0+', {
      subtopologyId: string('0+'),
      partitions: array('0+', int32),
    }),
    warmupTasks: nullableArray('0+', {
      subtopologyId: string('0+'),
      partitions: array('0+', int32),
    }),
    processId: nullableString('0+'),
    userEndpoint: nullableStruct('0+', {
      host: string('0+'),
      port: uint16('0+'),
    }),
    clientTags: nullableArray('0+', {
      key: string('0+'),
      value: string('0+'),
    }),
    taskOffsets: nullableArray('0+', {
      subtopologyId: string('0+'),
      partition: int32('0+'),
      offset: int64('0+'),
    }),
    taskEndOffsets: nullableArray('0+', {
      subtopologyId: string('0+'),
      partition: int32('0+'),
      offset: int64('0+'),
    }),
    shutdownApplication: bool('0+'),
  },
})
export type StreamsGroupHeartbeatRequest = Of<typeof StreamsGroupHeartbeatRequest>

export const StreamsGroupHeartbeatResponse = message({
  name: 'StreamsGroupHeartbeatResponse',
  type: 'response',
  key: 88,
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: nullableString('0+'),
    memberId: string('0+'),
    memberEpoch: int32('0+'),
    heartbeatIntervalMs: int32('0+'),
    acceptableRecoveryLagLegacy: int32('0'),
    taskOffsetIntervalMs: int32('0+'),
    acceptableRecoveryLag: int64('1+', { default: -1, ignorable: true }),
    status: nullableArray(
      '0+',
      {
        statusCode: int8('0+'),
        statusDetail: string('0+'),
      },
      { default: [] },
    ),
    activeTasks: nullableArray('0+', {
      subtopologyId: string('0+'),
      partitions: array('0+', int32),
    }),
    standbyTasks: nullableArray('0+', {
      subtopologyId: string('0+'),
      partitions: array('0+', int32),
    }),
    warmupTasks: nullableArray('0+', {
      subtopologyId: string('0+'),
      partitions: array('0+', int32),
    }),
    topologyDescriptionRequired: bool('1+'),
    endpointInformationEpoch: int32('0+'),
    partitionsByUserEndpoint: nullableArray('0+', {
      userEndpoint: struct('0+', {
        host: string('0+'),
        port: uint16('0+'),
      }),
      activePartitions: array('0+', {
        topic: string('0+'),
        partitions: array('0+', int32),
      }),
      standbyPartitions: array('0+', {
        topic: string('0+'),
        partitions: array('0+', int32),
      }),
    }),
  },
})
export type StreamsGroupHeartbeatResponse = Of<typeof StreamsGroupHeartbeatResponse>
