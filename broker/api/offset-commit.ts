/**
 * OffsetCommit (key 8): how far a group has read, from one of its members or from somebody who is in no group; by topic id from version 10 on.
 * Version 0 is from when ZooKeeper kept the offsets: here they are all in one place.
 */
import { OffsetCommitRequest, OffsetCommitResponse } from '../../client/protocol/messages/offset-commit.ts'
import { answeredOr, clientOf } from './coordinated.ts'
import { api } from './handler.ts'
import { joinTopics, refuseTopics, sortTopics } from './offset-topics.ts'

const firstVersionWithTopicIds = 10

export const offsetCommit = api({
  request: OffsetCommitRequest,
  response: OffsetCommitResponse,
  versions: [0, 10],
  async handle(request, context, { cluster, groups }) {
    const { known, refused } = sortTopics(request.topics, context.apiVersion >= firstVersionWithTopicIds, cluster)
    if (known.length === 0 && refused.length > 0) return { topics: refused }
    const asked = groups.commit({ ...request, topics: known }, clientOf(context))
    const { topics = [] } = await answeredOr(asked, (errorCode) => ({ topics: refuseTopics(known, errorCode) }))
    return { topics: joinTopics(refused, topics) }
  },
})
