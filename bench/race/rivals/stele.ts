/** The project's own client: batch by batch, and record by record. */
import { Stele } from '../../../client/index.ts'
import { partitionFetchBytes, type Rival, type Sender } from '../rival.ts'

function clientOf(bootstrap: string): Stele {
  return new Stele({ bootstrap, clientId: 'stele' })
}

function consumerOf(client: Stele, topic: string) {
  return client.consumer({ topics: [topic], from: 'beginning', partitionBytes: partitionFetchBytes })
}

async function sender(bootstrap: string, topic: string): Promise<Sender> {
  const client = clientOf(bootstrap)
  const producer = client.producer()
  return {
    send: (values) =>
      producer.send(
        topic,
        values.map((value) => ({ value })),
      ),
    close: async () => {
      await producer.close()
      await client.close()
    },
  }
}

export const stele: Rival = {
  name: 'stele',
  sender,
  async read(bootstrap, topic, got) {
    await using client = clientOf(bootstrap)
    await using consumer = consumerOf(client, topic)
    for await (const batch of consumer.batches()) {
      let records = 0
      let bytes = 0
      for (const { value } of batch) {
        records++
        bytes += value?.length ?? 0
      }
      if (got(records, bytes)) return
    }
  },
}

export const steleByRecord: Rival = {
  name: 'stele by record',
  sender,
  async read(bootstrap, topic, got) {
    await using client = clientOf(bootstrap)
    await using consumer = consumerOf(client, topic)
    for await (const { value } of consumer) if (got(1, value?.length ?? 0)) return
  },
}
