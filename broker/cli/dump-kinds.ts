/** Which file is shown how: by its name, as the log and the metadata log name theirs. */
import { parseSnapshotName } from '../cluster/metadata-log/snapshot-file.ts'
import { parseOffsetFileName } from '../log/segment-files.ts'
import type { DumpOptions } from './dump.ts'
import { dumpOffsetIndex, dumpTimeIndex, dumpTransactionIndex } from './dump-index.ts'
import { DumpOutput } from './dump-output.ts'
import { dumpBatches } from './dump-segment.ts'
import { dumpEpochs, dumpOffsets, dumpProducers } from './dump-state.ts'
import { CommandError } from './exit.ts'
import type { Terminal } from './terminal.ts'

/** Resolves to the number of damages. Throws CommandError where the file cannot be read. */
export type Dumper = (path: string, options: DumpOptions, terminal: Terminal) => Promise<number>

export interface DumpedFile {
  readonly path: string
  /** The offset in its name, 0 where it has none. */
  readonly baseOffset: number
  readonly records: boolean
  readonly terminal: Terminal
  readonly output: DumpOutput
}

type Show = (file: DumpedFile) => Promise<void>

const byName: Readonly<Record<string, Show>> = {
  'leader-epoch-checkpoint': dumpEpochs,
  'replication-offset-checkpoint': dumpOffsets,
  'recovery-point-offset-checkpoint': dumpOffsets,
  'log-start-offset-checkpoint': dumpOffsets,
  'cleaner-offset-checkpoint': dumpOffsets,
}

const bySuffix: Readonly<Record<string, Show>> = {
  log: dumpBatches,
  index: dumpOffsetIndex,
  timeindex: dumpTimeIndex,
  txnindex: dumpTransactionIndex,
  snapshot: dumpProducers,
}

export function dumperOf(name: string): Dumper | undefined {
  const parsed = parseOffsetFileName(name)
  const show = byName[name] ?? (parseSnapshotName(name) ? dumpBatches : bySuffix[parsed?.suffix ?? ''])
  if (!show) return undefined
  return async (path, { records, json }, terminal) => {
    const output = new DumpOutput(terminal.out, path, json)
    try {
      await show({ path, baseOffset: parsed?.offset ?? 0, records, terminal, output })
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === undefined) throw error
      await output.flush()
      throw new CommandError(`${path} cannot be read: ${code}`, error)
    }
    await output.flush()
    return output.damages
  }
}
