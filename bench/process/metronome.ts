/**
 * When what is due at a fixed rate is due: an open loop, which waits for no answer. What could not be sent in time counts from when it was due.
 * Owns: a thread that beats, at most `beatsPerSecondMax` times a second; above that several are due at each beat.
 */
import { Worker } from 'node:worker_threads'
import { entryUrl } from './entry.ts'

const beatsPerSecondMax = 2000

/** Microseconds of a clock that all processes of a machine share. */
export function nowMicros(): number {
  const [seconds, nanos] = process.hrtime()
  return seconds * 1e6 + nanos / 1000
}

/** Calls `due` with when it was due, `count` times at once, until the signal. */
export async function atRate(perSecond: number, signal: AbortSignal, due: (micros: number, count: number) => void): Promise<void> {
  const beatsPerSecond = Math.min(perSecond, beatsPerSecondMax)
  const periodMillis = 1000 / beatsPerSecond
  const first = nowMicros() / 1000 + 20
  const thread = new Worker(entryUrl('metronome-thread'), { workerData: { periodMillis, first } })
  let given = 0
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  thread.on('error', reject)
  thread.on('message', (beat: number) => {
    if (signal.aborted) return
    const upTo = Math.floor(((beat + 1) * perSecond) / beatsPerSecond)
    if (upTo > given) due((first + beat * periodMillis) * 1000, upTo - given)
    given = upTo
  })
  signal.addEventListener('abort', () => resolve(), { once: true })
  try {
    await promise
  } finally {
    await thread.terminate()
  }
}
