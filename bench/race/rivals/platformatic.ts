/** @platformatic/kafka: send of many messages, and its stream's data events, which are its fastest way to read. */
import { load } from '../installed.ts'
import { partitionFetchBytes, type Rival } from '../rival.ts'

interface MessageStream {
  on(event: 'data', listener: (message: { value: Buffer | null }) => void): void
  on(event: 'error', listener: (error: Error) => void): void
  close(): Promise<void>
}

export const platformatic: Rival = {
  name: '@platformatic/kafka',
  async sender(bootstrap, topic) {
    const { Producer } = load('@platformatic/kafka')
    const producer = new Producer({ clientId: 'platformatic', bootstrapBrokers: [bootstrap], acks: -1 })
    return {
      send: (values) => producer.send({ messages: values.map((value) => ({ topic, value })) }),
      close: () => producer.close(),
    }
  },
  async read(bootstrap, topic, got) {
    const { Consumer } = load('@platformatic/kafka')
    const consumer = new Consumer({
      clientId: 'platformatic',
      bootstrapBrokers: [bootstrap],
      groupId: `race-${process.pid}`,
      autocommit: false,
    })
    const stream: MessageStream = await consumer.consume({ topics: [topic], mode: 'earliest', maxBytesPerPartition: partitionFetchBytes })
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    stream.on('error', reject)
    stream.on('data', ({ value }) => {
      if (got(1, value?.length ?? 0)) resolve()
    })
    await promise
    await stream.close()
    await consumer.close(true)
  },
}
