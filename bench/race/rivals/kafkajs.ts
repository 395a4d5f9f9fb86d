/** kafkajs: send of many messages, and eachBatch, which is its fastest way to read. */
import { load } from '../installed.ts'
import { partitionFetchBytes, type Rival } from '../rival.ts'

function client(bootstrap: string) {
  const { Kafka, logLevel } = load('kafkajs')
  return new Kafka({ clientId: 'kafkajs', brokers: [bootstrap], logLevel: logLevel.NOTHING })
}

export const kafkajs: Rival = {
  name: 'kafkajs',
  async sender(bootstrap, topic) {
    const { Partitioners } = load('kafkajs')
    const producer = client(bootstrap).producer({ createPartitioner: Partitioners.DefaultPartitioner })
    await producer.connect()
    return {
      send: (values) => producer.send({ topic, acks: -1, messages: values.map((value) => ({ value })) }),
      close: () => producer.disconnect(),
    }
  },
  async read(bootstrap, topic, got) {
    const consumer = client(bootstrap).consumer({ groupId: `race-${process.pid}`, maxBytesPerPartition: partitionFetchBytes })
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    const { promise, resolve } = Promise.withResolvers<void>()
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: true,
      eachBatch: async ({ batch }: { batch: { messages: { value: Buffer | null }[] } }) => {
        let bytes = 0
        for (const { value } of batch.messages) bytes += value?.length ?? 0
        if (got(batch.messages.length, bytes)) resolve()
      },
    })
    await promise
    await consumer.disconnect()
  },
}
