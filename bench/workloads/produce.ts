/** Producers that send as fast as acknowledgements come, or at a fixed rate. */
import type { Meter } from '../process/meter.ts'
import type { Share } from '../process/messages.ts'
import { atRate, nowMicros } from '../process/metronome.ts'
import { flood } from './flood.ts'
import { freshTopic, open, producerOf, recordsOf } from './own-client.ts'
import { partOf, type Workload } from './workload.ts'

export const produce: Workload = {
  name: 'produce',
  about: 'Producers, as fast as acknowledgements come, or at --rate.',
  unit: 'records',
  timed: 'from send to acknowledgement; at a rate, from when it was due',
  prepare: async (target, load) => ({ topic: await freshTopic(target, 'produce', load) }),
  load: produceShare,
}

async function produceShare(share: Share, meter: Meter): Promise<void> {
  const { bootstrap, load, scene } = share
  const topic = scene['topic'] ?? ''
  const clients = Array.from({ length: partOf(load.connections, share) }, () => open(bootstrap))
  const producers = clients.map((client) => producerOf(client, load))
  // Connected, and the topic known, before it counts.
  for (const producer of producers) await producer.send(topic, recordsOf(1, load.size))
  await meter.ready()
  const sent = (records: number, bytes: number, micros: number) => {
    meter.count(records, bytes, micros)
  }
  const failed = (records: number) => meter.fail(records)
  if (load.rate === 0) {
    await Promise.all(producers.map((producer) => flood(producer, topic, load, meter.signal, { sent, failed })))
  } else if (producers.length > 0) {
    let turn = 0
    const [record] = recordsOf(1, load.size)
    await atRate(load.rate / share.processes, meter.signal, (due, count) => {
      for (let nth = 0; nth < count; nth++) {
        const producer = producers[turn++ % producers.length]
        producer?.send(topic, record as { value: Buffer }).then(
          () => meter.count(1, load.size, nowMicros() - due, due),
          () => (meter.measures(due) ? meter.miss(1) : undefined),
        )
      }
    })
  }
  await Promise.all(producers.map((producer) => producer.close()))
  await Promise.all(clients.map((client) => client.close()))
}
