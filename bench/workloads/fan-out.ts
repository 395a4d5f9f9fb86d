/**
 * Many consumers that each read all of one topic, written at a fixed rate: over Kafka's protocol, or over WebSocket.
 * Counts deliveries, and times them from when the record was due. What arrives after the round, of what was due in it, counts too. Before the first
 * record all consumers wait: what the broker's memory has grown by until then is theirs.
 */
import type { Target } from '../plan.ts'
import type { Meter } from '../process/meter.ts'
import type { Share } from '../process/messages.ts'
import { atRate, nowMicros } from '../process/metronome.ts'
import { freshTopic, open, producerOf, read } from './own-client.ts'
import { Stamper, stampOf } from './stamp.ts'
import { StreamReader } from './stream-reader.ts'
import { partOf, type Workload } from './workload.ts'

/** A second, where no rate is given. */
const usualRate = 1000
const graceMillis = 500
/** A broker need not take any number of newcomers in one moment: Stele's HTTP port has 64 of them at most. */
const openedAtOnce = 8

/** Reads the topic from its end. */
interface Follower {
  /** Nothing that is written from now on is missed. */
  readonly begun: Promise<unknown>
  close(): Promise<void>
}

/** For each record; when it was due, in microseconds. */
type Got = (bytes: number, due: number) => void
type Follow = (target: Pick<Target, 'bootstrap' | 'http'>, topic: string, got: Got) => Follower

function fanOutWorkload(name: string, over: string, follow: Follow): Workload {
  return {
    name,
    about: `--consumers that each read all of a topic over ${over}, written at --rate, else ${usualRate} records a second.`,
    unit: 'deliveries',
    timed: 'from when a record was due to be sent until a consumer had it',
    waiting: { name: 'consumer', count: ({ consumers }) => consumers },
    prepare: async (target, load) => {
      const topic = await freshTopic(target, name, load)
      // What a broker loads or makes for the first consumer is not what each of them costs.
      const first = follow(target, topic, () => undefined)
      await first.begun
      await first.close()
      return { topic }
    },
    load: (share, meter) => fanOutShare(share, meter, follow),
  }
}

export const fanOut = fanOutWorkload('fan-out', "Kafka's protocol", ({ bootstrap }, topic, got) => {
  const client = open(bootstrap)
  const over = new AbortController()
  const begun = Promise.withResolvers<void>()
  const reading = read(client, { topic, from: 'end', signal: over.signal, onBegin: begun.resolve }, (records) => {
    for (const { value } of records) got(value?.length ?? 0, stampOf(value))
  })
  const close = async () => {
    over.abort()
    await reading
    await client.close()
  }
  return { begun: Promise.race([begun.promise, reading]), close }
})

export const webSocket = fanOutWorkload('websocket', "WebSocket (Stele's stream protocol)", ({ http }, topic, got) => {
  const reader = new StreamReader(http, topic, got)
  return { begun: reader.begun, close: () => reader.close() }
})

async function fanOutShare(share: Share, meter: Meter, follow: Follow): Promise<void> {
  const { bootstrap, load, scene } = share
  const topic = scene['topic'] ?? ''
  const got = (bytes: number, due: number) => {
    meter.count(1, bytes, nowMicros() - due, due)
  }
  const followers: Follower[] = []
  for (let wanted = partOf(load.consumers, share); wanted > 0; wanted -= openedAtOnce) {
    const opened = Array.from({ length: Math.min(wanted, openedAtOnce) }, () => follow(share, topic, got))
    followers.push(...opened)
    await Promise.all(opened.map(({ begun }) => begun))
  }
  await meter.ready()
  if (share.index === 0) await write(bootstrap, topic, load.rate || usualRate, share, meter)
  else if (!meter.isOver) await new Promise((resolve) => meter.signal.addEventListener('abort', resolve, { once: true }))
  await new Promise((resolve) => setTimeout(resolve, graceMillis))
  await Promise.all(followers.map((follower) => follower.close()))
}

async function write(bootstrap: string, topic: string, rate: number, { load }: Share, meter: Meter): Promise<void> {
  await using client = open(bootstrap)
  await using producer = producerOf(client, load)
  const stamper = new Stamper(load.size)
  let turn = 0
  await atRate(rate, meter.signal, (due, count) => {
    for (let nth = 0; nth < count; nth++) {
      const partition = turn++ % load.partitions
      producer.send(topic, { value: stamper.stamped(due), partition }).catch(() => meter.miss(load.consumers))
    }
  })
}
