/** The thread behind metronome.ts: waits for each beat with the precision of the system, which timers of an event loop lack, and tells it. */
import { parentPort, workerData } from 'node:worker_threads'

const { periodMillis, first } = workerData as { periodMillis: number; first: number }
const never = new Int32Array(new SharedArrayBuffer(4))
const nowMillis = (): number => Number(process.hrtime.bigint()) / 1e6

for (let beat = 0; ; beat++) {
  const due = first + beat * periodMillis
  const ahead = due - nowMillis()
  if (ahead > 0) Atomics.wait(never, 0, 0, ahead)
  parentPort?.postMessage(beat)
}
