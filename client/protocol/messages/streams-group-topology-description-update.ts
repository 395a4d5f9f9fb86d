/** StreamsGroupTopologyDescriptionUpdate (key 93). */
import { array, int16, int32, int8, message, nullableString, type Of, string, struct } from '../schema.ts'

export const StreamsGroupTopologyDescriptionUpdateRequest = message({
  name: 'StreamsGroupTopologyDescriptionUpdateRequest',
  type: 'request',
  key: 93,
  versions: '0',
  flexible: '0+',
  fields: {
    groupId: string('0+'),
    memberId: string('0+'),
    topologyEpoch: int32('0+'),
    topologyDescription: struct('0+', {
      subtopologies: array('0+', {
        subtopologyId: string('0+'),
        nodes: array('0+', {
          name: string('0+'),
          nodeType: int8('0+'),
          sourceTopics: array('0+', string),
          sinkTopic: nullableString('0+'),
          stores: array('0+', string),
          successors: array('0+', string),
        }),
      }),
      globalStores: array('0+', {
        source: struct('0+', {
          name: string('0+'),
          nodeType: int8('0+'),
          sourceTopics: array('0+', string),
          sinkTopic: nullableString('0+'),
          stores: array('0+', string),
          successors: array('0+', string),
        }),
        processor: struct('0+', {
          name: string('0+'),
          nodeType: int8('0+'),
          sourceTopics: array('0+', string),
          sinkTopic: nullableString('0+'),
          stores: array('0+', string),
          successors: array('0+', string),
        }),
      }),
    }),
  },
})
export type StreamsGroupTopologyDescriptionUpdateRequest = Of<typeof StreamsGroupTopologyDescriptionUpdateRequest>

export const StreamsGroupTopologyDescriptionUpdateResponse = message({
  name: 'StreamsGroupTopologyDescriptionUpdateResponse',
  type: 'response',
  key: 93,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32('0+'),
    errorCode: int16('0+'),
    errorMessage: nullableString('0+'),
  },
})
export type StreamsGroupTopologyDescriptionUpdateResponse = Of<typeof StreamsGroupTopologyDescriptionUpdateResponse>
