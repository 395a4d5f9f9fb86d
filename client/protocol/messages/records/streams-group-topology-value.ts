/** Value of a coordinator’s record: StreamsGroupTopologyValue (type 23). */
import { array, int16, int32, message, type Of, string } from '../../schema.ts'

export const StreamsGroupTopologyValue = message({
  name: 'StreamsGroupTopologyValue',
  type: 'coordinator-value',
  key: 23,
  versions: '0',
  flexible: '0+',
  fields: {
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
  },
})
export type StreamsGroupTopologyValue = Of<typeof StreamsGroupTopologyValue>
