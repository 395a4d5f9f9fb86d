/**
 * `stele dump`: what the files of a partition hold, and what in them is damaged.
 * Reads alone, with the broker's own readers. A broker may be at work on the same files: what it writes meanwhile may look torn.
 */
import { basename } from 'node:path'
import { command, flag, operand } from './command.ts'
import { CommandError, Exit, type ExitCode, UsageError } from './exit.ts'
import type { Terminal } from './terminal.ts'

export const dump = command({
  name: 'dump',
  about: 'Shows what the files of a partition hold, and what in them is damaged.',
  details: [
    'Files: .log, .index, .timeindex, .txnindex, .snapshot, .checkpoint, leader-epoch-checkpoint and …-offset-checkpoint.',
    "Every batch's checksum is checked. If anything is damaged, the exit code is 1.",
  ].join('\n'),
  flags: {
    records: flag.toggle('Of batches, the records too, with what is in them.', { short: 'r' }),
    json: flag.toggle('One JSON object a line.'),
  },
  operands: { files: operand.some('FILE', 'The files to show.') },
  examples: ['stele dump --records data/orders-0/00000000000000000000.log'],
  run: dumpFiles,
})

export interface DumpOptions {
  readonly records: boolean
  readonly json: boolean
}

async function dumpFiles(
  { files, ...options }: DumpOptions & { readonly files: readonly string[] },
  terminal: Terminal,
): Promise<ExitCode> {
  const kinds = await import('./dump-kinds.ts')
  const kindOf = new Map(files.map((path) => [path, kinds.dumperOf(basename(path))]))
  for (const [path, dumper] of kindOf) {
    if (!dumper) throw new UsageError(`${path} is not a file that can be shown: its name is none of those`, 'dump')
  }
  let damages = 0
  for (const [path, dumper] of kindOf) damages += (await dumper?.(path, options, terminal)) ?? 0
  if (damages > 0) throw new CommandError(damages === 1 ? 'one place is damaged' : `${damages} places are damaged`)
  return Exit.ok
}
