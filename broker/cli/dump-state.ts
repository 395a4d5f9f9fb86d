/** The small files of a partition and of a data directory: producers, leader epochs, offsets. They are whole or damaged, with nothing between. */
import { parseCheckpoint } from '../log/checkpoint.ts'
import { LeaderEpochs } from '../log/leader-epochs.ts'
import { decodeSnapshot } from '../log/producer-snapshot.ts'
import { readFile } from './dump-index.ts'
import type { DumpedFile } from './dump-kinds.ts'
import { momentText } from './dump-output.ts'

export async function dumpProducers({ path, output }: DumpedFile): Promise<void> {
  const state = decodeSnapshot(readFile(path))
  if (!state) return output.damage(0, 'this is no whole snapshot of producers: its version, size or checksum is wrong')
  for (const { producerId, epoch, lastSequence, lastOffset, lastTimestamp, coordinatorEpoch, transactionStart } of state.entries()) {
    const facts = { producerId, epoch, lastSequence, lastOffset, lastTimestamp, coordinatorEpoch, transactionStart }
    const open = transactionStart >= 0 ? `  transaction open since offset ${transactionStart}` : ''
    const text = `producer ${producerId} epoch ${epoch}  last sequence ${lastSequence}  last offset ${lastOffset}  ${momentText(lastTimestamp)}${open}`
    await output.fact('producer', facts, text)
  }
}

export async function dumpEpochs({ path, output }: DumpedFile): Promise<void> {
  const epochs = LeaderEpochs.parse(readFile(path).toString())
  if (!epochs) return output.damage(0, 'this is no checkpoint of leader epochs: its version, count or a line is wrong')
  for (const entry of epochs.entries) await output.fact('epoch', entry, `epoch ${entry.epoch}  from offset ${entry.startOffset}`)
}

export async function dumpOffsets({ path, output }: DumpedFile): Promise<void> {
  const offsets = parseCheckpoint(readFile(path).toString())
  if (!offsets) return output.damage(0, 'this is no checkpoint of offsets: its version, count or a line is wrong')
  for (const [key, offset] of offsets) {
    const [topic, partition] = key.split(' ')
    await output.fact('offset', { topic, partition: Number(partition), offset }, `${topic}-${partition}  offset ${offset}`)
  }
}
