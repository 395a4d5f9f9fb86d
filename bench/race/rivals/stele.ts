/** The project's own client. */
import { bytesOf, open, read } from '../../workloads/own-client.ts'
import type { Rival } from '../rival.ts'

export const stele: Rival = {
  name: 'stele',
  async sender(bootstrap, topic) {
    const client = open(bootstrap)
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
  },
  async read(bootstrap, topic, got) {
    const enough = new AbortController()
    await using client = open(bootstrap)
    await read(client, { topic, from: 'beginning', signal: enough.signal }, (records) => {
      if (got(records.length, bytesOf(records))) enough.abort()
    })
  },
}
