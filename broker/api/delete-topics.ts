/** DeleteTopics (key 20): by name, or from version 6 on by id. The partitions' files go once the deletion is durable. */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { DeleteTopicsRequest, DeleteTopicsResponse } from '../../client/protocol/messages/delete-topics.ts'
import { zeroUuid } from '../../client/protocol/uuid.ts'
import { MetadataUnavailable } from '../cluster/cluster.ts'
import { planDeleteTopics } from '../cluster/topic-changes.ts'
import { api } from './handler.ts'

const firstVersionWithIds = 6
const firstVersionThatKnowsDisabled = 3

export const deleteTopics = api({
  request: DeleteTopicsRequest,
  response: DeleteTopicsResponse,
  versions: [0, 6],
  async handle(request, { apiVersion }, { cluster, settings }) {
    const named = request.topicNames.map((name) => ({ name, topicId: zeroUuid }))
    const topics = apiVersion >= firstVersionWithIds ? request.topics : named
    if (!settings.get('delete.topic.enable')) {
      const errorCode = apiVersion < firstVersionThatKnowsDisabled ? ErrorCode.INVALID_REQUEST : ErrorCode.TOPIC_DELETION_DISABLED
      return { responses: topics.map((topic) => ({ ...topic, errorCode, errorMessage: 'Topic deletion is disabled.' })) }
    }
    const deleted = await cluster.change(planDeleteTopics(topics))
    if (!(deleted instanceof MetadataUnavailable)) return { responses: deleted }
    const { errorCode, errorMessage } = deleted
    return { responses: topics.map((topic) => ({ ...topic, errorCode, errorMessage })) }
  },
})
