/** Key of a coordinator’s record: StreamsGroupTopologyKey (type 23). */
import { message, type Of, string } from '../../schema.ts'

export const StreamsGroupTopologyKey = message({
  name: 'StreamsGroupTopologyKey',
  type: 'coordinator-key',
  key: 23,
  versions: '0',
  fields: {
    groupId: string('0+'),
  },
})
export type StreamsGroupTopologyKey = Of<typeof StreamsGroupTopologyKey>
