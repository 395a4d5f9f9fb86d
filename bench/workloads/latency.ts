/**
 * End to end at a fixed rate: from when a record was due to be sent until a reader has it. What is sent late, because something before it was slow,
 * counts from when it was due (no coordinated omission); what never arrives is a failure.
 * Each process reads what it sends itself, in partitions of its own, so that it knows what is missing.
 */
import type { Meter } from '../process/meter.ts'
import type { Share } from '../process/messages.ts'
import { atRate, nowMicros } from '../process/metronome.ts'
import { freshTopic, open, producerOf, read } from './own-client.ts'
import { Stamper, stampOf } from './stamp.ts'
import { mineOf, type Workload } from './workload.ts'

/** A second, where no rate is given. */
const usualRate = 1000
const graceMillis = 5000

export const latency: Workload = {
  name: 'latency',
  about: `End-to-end latency at a fixed rate: --rate, else ${usualRate} records a second.`,
  unit: 'records',
  timed: 'from when a record was due to be sent until it was read',
  unfit: ({ partitions, processes }) => (partitions < processes ? 'it needs a partition for each process: --partitions' : undefined),
  prepare: async (target, load) => ({ topic: await freshTopic(target, 'latency', load) }),
  load: latencyShare,
}

async function latencyShare(share: Share, meter: Meter): Promise<void> {
  const { bootstrap, load, scene, processes } = share
  const topic = scene['topic'] ?? ''
  const partitions = mineOf(load.partitions, share)
  const [writer, reader] = [open(bootstrap), open(bootstrap)]
  const producer = producerOf(writer, load)
  const over = new AbortController()
  const begun = Promise.withResolvers<void>()
  let missing = 0
  let allHere = () => {}
  const reading = read(reader, { topic, partitions, from: 'end', signal: over.signal, onBegin: begun.resolve }, (records) => {
    const now = nowMicros()
    for (const { value } of records) {
      const due = stampOf(value)
      if (!meter.measures(due)) continue
      meter.count(1, load.size, now - due, due)
      missing--
    }
    if (missing === 0 && meter.isOver) allHere()
  })
  await Promise.race([begun.promise, reading])
  await Promise.all(partitions.map((partition) => producer.send(topic, { value: Buffer.alloc(load.size), partition })))
  await meter.ready()
  const stamper = new Stamper(load.size)
  let turn = 0
  await atRate((load.rate || usualRate) / processes, meter.signal, (due, count) => {
    for (let nth = 0; nth < count; nth++) {
      if (meter.measures(due)) missing++
      // Not acknowledged: nobody will read it, and it is missed at the end.
      producer.send(topic, { value: stamper.stamped(due), partition: partitions[turn++ % partitions.length] }).catch(() => undefined)
    }
  })
  if (missing > 0) await within(graceMillis, (resolve) => (allHere = resolve))
  meter.miss(missing)
  over.abort()
  await producer.close()
  await Promise.all([reading, writer.close(), reader.close()])
}

function within(millis: number, settle: (resolve: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, millis)
    settle(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
