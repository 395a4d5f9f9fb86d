/** CreatePartitions (key 37): more partitions for topics that are there. Each topic is changed or refused alone. */
import { CreatePartitionsRequest, CreatePartitionsResponse } from '../../client/protocol/messages/create-partitions.ts'
import { MetadataUnavailable } from '../cluster/cluster.ts'
import { planCreatePartitions } from '../cluster/topic-changes.ts'
import { api } from './handler.ts'

export const createPartitions = api({
  request: CreatePartitionsRequest,
  response: CreatePartitionsResponse,
  versions: [0, 3],
  async handle({ topics, validateOnly }, _context, { cluster }) {
    const created = await cluster.change(planCreatePartitions(topics, validateOnly))
    if (!(created instanceof MetadataUnavailable)) return { results: created }
    const { errorCode, errorMessage } = created
    return { results: topics.map(({ name }) => ({ name, errorCode, errorMessage })) }
  },
})
