/** What of others' is on this machine: commands on the path, and what the interop suite has brought (`make interop-install`). */
import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'

/** In the interop suite's cache: beside the sources, else where the command is run. */
export function interop(...names: string[]): string {
  const beside = import.meta.url.endsWith('.ts') ? join(import.meta.dirname, '../..') : process.cwd()
  return join(resolve(process.env['STELE_CACHE'] ?? join(beside, '.cache/interop')), ...names)
}

export function hasCommand(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0
}
