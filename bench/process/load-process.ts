/**
 * A load process: is told its share of a round, gets ready, loads from the moment that all start together, and tells what came of it.
 * Forked by crew.ts; ends with the channel to it.
 */
import { workloadNamed } from '../workloads/catalog.ts'
import type { FromProcess, Share, ToProcess } from './messages.ts'
import { Meter } from './meter.ts'

const say = (message: FromProcess): void => void process.send?.(message)
let meter: Meter | undefined

async function load(share: Share): Promise<void> {
  meter = new Meter(share.load, share.processes, say)
  await workloadNamed(share.workload).load(share, meter)
  meter.finish()
  say({ kind: 'outcome', outcome: meter.outcome() })
}

process.on('message', (message: ToProcess) => {
  if (message.kind === 'start') meter?.start()
  else if (message.kind === 'stop') meter?.finish()
  else
    load(message.share).catch((error: unknown) => say({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }))
})
// Ctrl-C reaches all of a terminal's processes; what it means, the harness says.
process.on('SIGINT', () => undefined)
process.on('disconnect', () => process.exit())
