/** ConsumerGroupDescribe (key 69): consumer groups with their members, what each has and is to have (KIP-848). */
import { ErrorCode, errorOf } from '../../client/protocol/errors.ts'
import { ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse } from '../../client/protocol/messages/consumer-group-describe.ts'
import { knowsConsumerGroups } from '../cluster/features.ts'
import { answeredOr } from './coordinated.ts'
import { api } from './handler.ts'
import { allGroupOperations, unknownOperations } from './operations.ts'

export const consumerGroupDescribe = api({
  request: ConsumerGroupDescribeRequest,
  response: ConsumerGroupDescribeResponse,
  versions: [0, 1],
  async handle({ groupIds, includeAuthorizedOperations }, _context, { groups, cluster }) {
    if (!knowsConsumerGroups(cluster.image)) {
      const errorCode = ErrorCode.UNSUPPORTED_VERSION
      return { groups: groupIds.map((groupId) => ({ groupId, errorCode, errorMessage: errorOf(errorCode).about })) }
    }
    const authorizedOperations = includeAuthorizedOperations ? allGroupOperations : unknownOperations
    const described = groupIds.map(async (groupId) => {
      const refuse = (errorCode: number, errorMessage: string) => ({ errorCode, errorMessage, groupId })
      const group = await answeredOr(groups.describeConsumers(groupId), refuse)
      return group.errorCode ? group : { ...group, errorCode: ErrorCode.NONE, authorizedOperations }
    })
    return { groups: await Promise.all(described) }
  },
})
