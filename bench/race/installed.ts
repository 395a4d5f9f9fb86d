/** Clients of others that the interop suite has installed (`make interop-install`), in its cache outside git. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'

const cache = resolve(process.env['STELE_CACHE'] ?? join(import.meta.dirname, '../../.cache/interop'))

export const python = join(cache, 'python/bin/python')

export function isInstalled(name: string): boolean {
  return existsSync(join(cache, 'npm/node_modules', name, 'package.json'))
}

// biome-ignore lint/suspicious/noExplicitAny: what they export is theirs
export function load(name: string): any {
  return createRequire(join(cache, 'npm/package.json'))(name)
}
