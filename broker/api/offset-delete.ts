/** OffsetDelete (key 47): takes back what a group has committed (KIP-496), unless it is subscribed to the topic. */
import { OffsetDeleteRequest, OffsetDeleteResponse } from '../../client/protocol/messages/offset-delete.ts'
import { answeredOr } from './coordinated.ts'
import { api } from './handler.ts'
import { joinTopics, sortTopics } from './offset-topics.ts'

export const offsetDelete = api({
  request: OffsetDeleteRequest,
  response: OffsetDeleteResponse,
  versions: [0, 0],
  async handle(request, _context, { cluster, groups }) {
    const { known, refused } = sortTopics(request.topics, false, cluster)
    const answer = await answeredOr(groups.deleteOffsets({ ...request, topics: known }), (errorCode) => ({ errorCode, topics: undefined }))
    return answer.topics === undefined ? answer : { topics: joinTopics(refused, answer.topics) }
  },
})
