/**
 * A client that means ill, or is broken: noise, frames cut short, frames with flipped bits, sizes and counts out of all bounds, bytes one
 * by one, connections left half open. Whatever it sends, the broker answers with an error code or closes the connection, and lives.
 * It never sends a request that could rightly change a topic of the others.
 */
import { encodeRequest } from '../../../client/protocol/header.ts'
import { ApiVersionsRequest } from '../../../client/protocol/messages/api-versions.ts'
import { FetchRequest } from '../../../client/protocol/messages/fetch.ts'
import { ListOffsetsRequest } from '../../../client/protocol/messages/list-offsets.ts'
import { MetadataRequest } from '../../../client/protocol/messages/metadata.ts'
import { ProduceRequest } from '../../../client/protocol/messages/produce.ts'
import { buildBatch } from './batch.ts'
import { Client, type Surroundings } from './client.ts'
import type { ClientConnection } from './connection.ts'

/** Keys of requests that change topics: flipped bits must not make one of these. */
const changing = new Set([19, 20, 21, 33, 37, 44])

export class Vandal extends Client {
  readonly #topic: string
  readonly #pauseMillisMax: number

  constructor(around: Surroundings, topic: string, pauseMillisMax: number) {
    super(around)
    this.#topic = topic
    this.#pauseMillisMax = pauseMillisMax
  }

  protected async live(): Promise<void> {
    while (!this.stopping) {
      const connection = await this.tryTo(() => this.dial())
      if (connection) {
        const attacks = this.random.between(1, 4)
        for (let attack = 0; attack < attacks && !connection.isLost; attack++) await this.#attack(connection)
        if (this.random.chance(0.5)) connection.close()
        else connection.end()
      }
      await this.sleep(this.random.fraction() * this.#pauseMillisMax)
    }
  }

  async #attack(connection: ClientConnection): Promise<void> {
    const bytes = this.#hostileBytes()
    if (this.random.chance(0.8)) connection.raw(bytes)
    else {
      for (let at = 0; at < Math.min(bytes.length, 40); at++) {
        connection.raw(bytes.subarray(at, at + 1))
        await this.sleep(this.random.fraction())
      }
    }
    await this.sleep(this.random.fraction() * 5)
  }

  #hostileBytes(): Buffer {
    const frame = this.#frame()
    switch (this.random.below(6)) {
      case 0:
        return this.random.bytes(this.random.magnitude(1, 2_000))
      case 1:
        return frame.subarray(0, this.random.between(1, frame.length))
      case 2:
        frame.writeInt32BE(this.random.pick([0, 1, 4, 7, -1, 0x7fffffff, 200_000_000]), 0)
        return frame
      case 3: {
        // A count or a length somewhere in it becomes enormous.
        const at = this.random.between(8, frame.length - 4)
        frame.writeInt32BE(this.random.pick([0x7fffffff, -2, 0x10000000, -1]), at)
        return frame
      }
      default:
        return this.#flipped(frame)
    }
  }

  #flipped(frame: Buffer): Buffer {
    const key = frame.readInt16BE(4)
    const flips = this.random.magnitude(1, 20)
    for (let flip = 0; flip < flips; flip++) {
      const at = this.random.between(4, frame.length - 1)
      frame[at] = (frame[at] as number) ^ (1 << this.random.below(8))
    }
    if (changing.has(frame.readInt16BE(4))) frame.writeInt16BE(key, 4)
    return frame
  }

  /** A request that is almost good. */
  #frame(): Buffer {
    const header = { correlationId: this.random.below(1000), clientId: this.random.pick(['vandal', '', null]) }
    const name = this.random.pick([this.#topic, 'no-such-topic', ''])
    switch (this.random.below(5)) {
      case 0:
        return join(encodeRequest(ApiVersionsRequest, this.random.between(0, 4), header, {}))
      case 1:
        return join(
          encodeRequest(MetadataRequest, this.random.between(4, 8), header, { topics: [{ name }], allowAutoTopicCreation: false }),
        )
      case 2: {
        const partitions = [
          {
            partition: this.random.between(-1, 3),
            fetchOffset: this.random.between(-5, 1000),
            partitionMaxBytes: this.random.between(-1, 1_000_000),
          },
        ]
        return join(
          encodeRequest(FetchRequest, this.random.between(0, 12), header, {
            maxWaitMs: this.random.between(-1, 50),
            topics: [{ topic: name, partitions }],
          }),
        )
      }
      case 3: {
        const partitions = [{ partitionIndex: this.random.between(-1, 3), timestamp: this.random.between(-9, 5) }]
        return join(encodeRequest(ListOffsetsRequest, this.random.between(0, 9), header, { topics: [{ name, partitions }] }))
      }
      default:
        return join(encodeRequest(ProduceRequest, this.random.between(3, 12), header, this.#produce(name)))
    }
  }

  /** Its checksum is wrong, so that no broker may take it. */
  #produce(name: string) {
    const values = [this.random.bytes(30)]
    const records = buildBatch({
      values,
      timestamp: 0,
      compressed: this.random.chance(0.3),
      producerId: -1,
      producerEpoch: -1,
      baseSequence: -1,
    })
    records.writeUInt32BE((records.readUInt32BE(17) ^ 0x5a5a5a5a) >>> 0, 17)
    return {
      acks: this.random.pick([-1, 0, 1, 7]),
      timeoutMs: this.random.between(-1, 100),
      topicData: [{ name, partitionData: [{ index: this.random.between(-1, 3), records }] }],
    }
  }
}

function join(chunks: Buffer[]): Buffer {
  return Buffer.concat(chunks)
}
