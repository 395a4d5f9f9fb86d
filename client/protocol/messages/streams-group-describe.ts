/** StreamsGroupDescribe (key 89). */
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

export const StreamsGroupDescribeRequest = message({
  name: 'StreamsGroupDescribeRequest',
  type: 'request',
  key: 89,
  versions: '0-1',
  flexible: '0+',
  fields: {
    groupIds: array('0+', string),
    includeAuthorizedOperations: bool('0+'),
    includeTopologyDescription: bool('1+'),
  },
})
export type StreamsGroupDescribeRequest = Of<typeof StreamsGroupDescribeRequest>

export const StreamsGroupDescribeResponse = message({
  name: 'StreamsGroupDescribeResponse',
  type: 'response',
  key: 89,
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+'),
    groups: array('0+', {
      errorCode: int16('0+'),
      errorMessage: nullableString('0+'),
      groupId: string('0+'),
      groupState: string('0+'),
      groupEpoch: int32('0+'),
      assignmentEpoch: int32('0+'),
      topology: nullableStruct('0+', {
        epoch: int32('0+'),
        subtopologies: nullableArray('0+', {
          subtopologyId: string('0+'),
          sourceTopics: array('0+', string),
          repartitionSinkTopics: array('0+', string),
          stateChangelogTopics: array('0+', {
            name: string('0+'),
            partitions: int32('0+'),
            replicationFactor: int16('0+'),
            topicConfigs: array('0+', {
              key: string('0+'),
              value: string('0+'),
            }),
          }),
          repartitionSourceTopics: array('0+', {
            name: string('0+'),
            partitions: int32('0+'),
            replicationFactor: int16('0+'),
            topicConfigs: array('0+', {
              key: string('0+'),
              value: string('0+'),
            }),
          }),
        }),
      }),
      members: array('0+', {
        memberId: string('0+'),
        memberEpoch: int32('0+'),
        instanceId: nullableString('0+'),
        rackId: nullableString('0+'),
        clientId: string('0+'),
        clientHost: string('0+'),
        topologyEpoch: int32('0+'),
        processId: string('0+'),
        userEndpoint: nullableStruct('0+', {
          host: string('0+'),
          port: uint16('0+'),
        }),
        clientTags: array('0+', {
          key: string('0+'),
          value: string('0+'),
        }),
        taskOffsets: array('0+', {
          subtopologyId: string('0+'),
          partition: int32('0+'),
          offset: int64('0+'),
        }),
        taskEndOffsets: array('0+', {
          subtopologyId: string('0+'),
          partition: int32('0+'),
          offset: int64('0+'),
        }),
        assignment: struct('0+', {
          activeTasks: array('0+', {
            subtopologyId: string('0+'),
            partitions: array('0+', int32),
          }),
          standbyTasks: array('0+', {
            subtopologyId: string('0+'),
            partitions: array('0+', int32),
          }),
          warmupTasks: array('0+', {
            subtopologyId: string('0+'),
            partitions: array('0+', int32),
          }),
        }),
        targetAssignment: struct('0+', {
          activeTasks: array('0+', {
            subtopologyId: string('0+'),
            partitions: array('0+', int32),
          }),
          standbyTasks: array('0+', {
            subtopologyId: string('0+'),
            partitions: array('0+', int32),
          }),
          warmupTasks: array('0+', {
            subtopologyId: string('0+'),
            partitions: array('0+', int32),
          }),
        }),
        isClassic: bool('0+'),
      }),
      authorizedOperations: int32('0+', { default: -2147483648 }),
      topologyDescription: nullableStruct('1+', {
        subtopologies: array('1+', {
          subtopologyId: string('1+'),
          nodes: array('1+', {
            name: string('1+'),
            nodeType: int8('1+'),
            sourceTopics: array('1+', string),
            sinkTopic: nullableString('1+'),
            stores: array('1+', string),
            successors: array('1+', string),
          }),
        }),
        globalStores: array('1+', {
          source: struct('1+', {
            name: string('1+'),
            nodeType: int8('1+'),
            sourceTopics: array('1+', string),
            sinkTopic: nullableString('1+'),
            stores: array('1+', string),
            successors: array('1+', string),
          }),
          processor: struct('1+', {
            name: string('1+'),
            nodeType: int8('1+'),
            sourceTopics: array('1+', string),
            sinkTopic: nullableString('1+'),
            stores: array('1+', string),
            successors: array('1+', string),
          }),
        }),
      }),
      topologyDescriptionStatus: int8('1+'),
      assignorName: nullableString('1+', { ignorable: true }),
    }),
  },
})
export type StreamsGroupDescribeResponse = Of<typeof StreamsGroupDescribeResponse>
