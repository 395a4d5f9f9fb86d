/** Sending as fast as acknowledgements come: so many sends under way, each with a batch's worth of records. */
import type { Producer } from '../../client/index.ts'
import type { Load } from '../plan.ts'
import { nowMicros } from '../process/metronome.ts'
import { recordsOf, recordsPerSend } from './own-client.ts'

/** Enough that batches fill while others are under way. */
const sendsUnderWay = 8

export interface FloodEvents {
  sent(records: number, bytes: number, micros: number): void
  failed(records: number, error: Error): void
}

export async function flood(producer: Producer, topic: string, load: Load, signal: AbortSignal, events: FloodEvents): Promise<void> {
  const records = recordsOf(recordsPerSend(load), load.size)
  const bytes = records.length * load.size
  const lane = async () => {
    while (!signal.aborted) {
      const began = nowMicros()
      try {
        await producer.send(topic, records)
        events.sent(records.length, bytes, nowMicros() - began)
      } catch (error) {
        events.failed(records.length, error as Error)
      }
    }
  }
  await Promise.all(Array.from({ length: sendsUnderWay }, lane))
}
