/** Asks a group's committed offsets when all is over, and holds them against what its members were told. */
import { ErrorCode } from '../../../client/protocol/errors.ts'
import { OffsetFetchRequest, OffsetFetchResponse } from '../../../client/protocol/messages/offset-fetch.ts'
import type { GroupRegister } from '../checkers/group-register.ts'
import { Client, type Surroundings } from './client.ts'

export interface OffsetReaderTraits {
  readonly groupId: string
  readonly topic: string
  readonly partitions: number
}

export class OffsetReader extends Client {
  readonly #traits: OffsetReaderTraits
  readonly #register: GroupRegister

  constructor(around: Surroundings, traits: OffsetReaderTraits, register: GroupRegister) {
    super(around)
    this.#traits = traits
    this.#register = register
  }

  protected async live(): Promise<void> {
    const { groupId, topic, partitions } = this.#traits
    const topics = [{ name: topic, partitionIndexes: Array.from({ length: partitions }, (_, index) => index) }]
    for (;;) {
      const connection = await this.connectedAnyway()
      const body = { groups: [{ groupId, topics }] }
      const answer = await this.tryTo(() => connection.request(OffsetFetchRequest, OffsetFetchResponse, 9, body))
      const group = answer?.groups[0]
      if (group?.errorCode === ErrorCode.NONE) {
        const found = group.topics.flatMap((each) => each.partitions)
        for (const { partitionIndex, committedOffset } of found) this.#register.found(partitionIndex, committedOffset)
        return
      }
      await this.sleep(50)
    }
  }
}
