/** The leader epochs of a log on disk: Kafka's `leader-epoch-checkpoint`. For the grammar see leader-epochs.ts. */
import type { Disk } from '../platform/disk.ts'
import { LeaderEpochs } from './leader-epochs.ts'
import { readWhole, writeWhole } from './whole-file.ts'

const epochFileName = 'leader-epoch-checkpoint'

/** Undefined where there is none, or none that can be read. */
export function readEpochs(disk: Disk, folder: string): LeaderEpochs | undefined {
  const bytes = readWhole(disk, `${folder}/${epochFileName}`)
  return bytes && LeaderEpochs.parse(bytes.toString())
}

export function writeEpochs(disk: Disk, folder: string, epochs: LeaderEpochs): void {
  writeWhole(disk, `${folder}/${epochFileName}`, Buffer.from(epochs.format()))
  epochs.dirty = false
}
