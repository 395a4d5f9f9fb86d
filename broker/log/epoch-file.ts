/** The leader epochs of a log on disk: Kafka's `leader-epoch-checkpoint`. For the grammar see leader-epochs.ts. */
import type { Disk } from '../platform/disk.ts'
import { LeaderEpochs } from './leader-epochs.ts'
import { readWhole, replaceLater } from './whole-file.ts'

const epochFileName = 'leader-epoch-checkpoint'

/** Undefined where there is none, or none that can be read. */
export function readEpochs(disk: Disk, folder: string): LeaderEpochs | undefined {
  const bytes = readWhole(disk, `${folder}/${epochFileName}`)
  return bytes && LeaderEpochs.parse(bytes.toString())
}

/** As they are now, on the device when it resolves. What vouches for batches must vouch for their epochs: recovery does not look where those began. */
export async function noteEpochs(disk: Disk, folder: string, epochs: LeaderEpochs): Promise<void> {
  const { changes } = epochs
  epochs.hasFile = true
  await replaceLater(disk, `${folder}/${epochFileName}`, Buffer.from(epochs.format()), () => true)
  epochs.noted = changes
}
