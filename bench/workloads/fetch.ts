/** Readers: at the end of a topic while it is written, and from its beginning over what is stored. */
import type { Load, Target } from '../plan.ts'
import type { Meter } from '../process/meter.ts'
import type { Share } from '../process/messages.ts'
import { flood } from './flood.ts'
import { bytesOf, freshTopic, open, producerOf, read } from './own-client.ts'
import { mineOf, type Workload } from './workload.ts'

export const fetchTail: Workload = {
  name: 'fetch-tail',
  about: 'Readers at the end of a topic, while a producer of each process writes as fast as it goes.',
  unit: 'records',
  timed: null,
  prepare: async (target, load) => ({ topic: await freshTopic(target, 'tail', load) }),
  load: followShare,
}

export const fetchCold: Workload = {
  name: 'fetch-cold',
  about: 'Readers that read what is stored from its beginning, again and again.',
  unit: 'records',
  timed: null,
  prepare: async (target, load) => ({ topic: await filledTopic(target, load) }),
  load: readShare,
}

const storedBytesUsually = 128 * 1024 * 1024

/** What is read: --records of them, else 128 MiB. */
async function filledTopic(target: Target, load: Load): Promise<string> {
  const topic = await freshTopic(target, 'cold', load)
  const wanted = load.records ?? Math.ceil(storedBytesUsually / load.size)
  const full = new AbortController()
  let failure: Error | undefined
  let records = 0
  await using stele = open(target.bootstrap)
  await using producer = producerOf(stele, { ...load, acks: 'all' })
  await flood(producer, topic, { ...load, batchBytes: Math.min(load.batchBytes, wanted * load.size) }, full.signal, {
    sent(count) {
      records += count
      if (records >= wanted) full.abort()
    },
    failed(_, error) {
      failure = error
      full.abort()
    },
  })
  if (failure) throw failure
  return topic
}

/** The partitions of each reader of this process. */
function readersOf(share: Share): number[][] {
  const { connections, partitions } = share.load
  return mineOf(connections, share)
    .map((reader) => mineOf(partitions, { index: reader, processes: connections }))
    .filter((mine) => mine.length > 0)
}

async function followShare(share: Share, meter: Meter): Promise<void> {
  const { bootstrap, load, scene } = share
  const topic = scene['topic'] ?? ''
  const { signal } = meter
  const clients = [open(bootstrap)]
  const [writer] = clients as [ReturnType<typeof open>]
  const producer = producerOf(writer, load)
  const begun = readersOf(share).map((partitions) => {
    const client = open(bootstrap)
    clients.push(client)
    const { promise, resolve } = Promise.withResolvers<void>()
    const reading = read(client, { topic, partitions, from: 'end', signal, onBegin: resolve }, (records) =>
      meter.count(records.length, bytesOf(records)),
    )
    return { begins: Promise.race([promise, reading]), reading }
  })
  await Promise.all(begun.map(({ begins }) => begins))
  await meter.ready()
  const written = flood(producer, topic, load, signal, {
    sent: (records) => meter.figure('records written', records),
    failed: (records) => meter.fail(records),
  })
  await Promise.all([written, ...begun.map(({ reading }) => reading)])
  await Promise.all(clients.map((client) => client.close()))
}

async function readShare(share: Share, meter: Meter): Promise<void> {
  const { bootstrap, scene } = share
  const topic = scene['topic'] ?? ''
  const { signal } = meter
  const readers = readersOf(share).map((partitions) => ({ client: open(bootstrap), partitions }))
  for (const { client } of readers) await client.topics.describe([topic])
  await meter.ready()
  const passes = readers.map(async ({ client, partitions }) => {
    while (!meter.isOver) {
      await read(client, { topic, partitions, from: 'beginning', once: true, signal }, (records) =>
        meter.count(records.length, bytesOf(records)),
      )
      meter.figure('passes', 1)
    }
    await client.close()
  })
  await Promise.all(passes)
}
