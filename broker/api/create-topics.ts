/** CreateTopics (key 19): each topic is made or refused alone. From version 5 on the answer says what the topic became, settings and all. */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../../client/protocol/messages/create-topics.ts'
import { MetadataUnavailable } from '../cluster/cluster.ts'
import { planCreateTopics, type TopicCreated } from '../cluster/topic-creation.ts'
import { describeTopic } from '../config/describe.ts'
import type { Settings } from '../config/settings.ts'
import { api } from './handler.ts'

const firstVersionWithConfigs = 5

export const createTopics = api({
  request: CreateTopicsRequest,
  response: CreateTopicsResponse,
  versions: [0, 7],
  async handle({ topics, validateOnly }, { apiVersion }, { cluster, settings }) {
    const created = await cluster.change(planCreateTopics(topics, { ...cluster.creationContext, validateOnly }))
    if (created instanceof MetadataUnavailable) {
      const { errorCode, errorMessage } = created
      return { topics: topics.map(({ name }) => ({ name, errorCode, errorMessage })) }
    }
    if (apiVersion < firstVersionWithConfigs) {
      return { topics: created.map(({ name, errorCode, errorMessage }) => ({ name, errorCode, errorMessage })) }
    }
    return { topics: created.map((topic) => ({ ...topic, configs: describe(topic, settings) })) }
  },
})

function describe({ errorCode, configs }: TopicCreated, settings: Settings) {
  if (errorCode !== ErrorCode.NONE) return []
  return describeTopic(settings, configs).map(({ name, value, readOnly, configSource, isSensitive }) => ({
    name,
    value,
    readOnly,
    configSource,
    isSensitive,
  }))
}
