/**
 * Where install.sh has put the clients of other languages, and why one is missing.
 * Never installs: tests run with what is there.
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import { fileURLToPath } from 'node:url'

/** Tests run as they are written or from dist/; the sources stand in the repository either way. */
export const repository = fileURLToPath(new URL('../../', import.meta.url)).replace(/dist\/$/, '')

export const cache = path.resolve(process.env['STELE_CACHE'] ?? path.join(repository, '.cache', 'interop'))

export const cached = (...names: string[]): string => path.join(cache, ...names)

/** The parts that install.sh makes. */
export type Part = 'chromium' | 'go' | 'java' | 'kafka' | 'kcat' | 'npm' | 'old_java' | 'older_nodes' | 'python' | 'runners'

const evidence: Record<Part, string> = {
  chromium: '/usr/bin/chromium',
  go: cached('go', 'peer'),
  java: cached('java', 'Peer.class'),
  kafka: cached('stamps', 'kafka'),
  kcat: '/usr/bin/kcat',
  npm: cached('stamps', 'npm'),
  old_java: cached('stamps', 'old_java'),
  older_nodes: cached('stamps', 'older_nodes'),
  python: cached('stamps', 'python'),
  runners: cached('stamps', 'runners'),
}

/** False where all parts are here, else the reason to skip: what tap takes as `skip`. */
export function missing(...parts: Part[]): string | false {
  for (const part of parts) {
    if (!fs.existsSync(evidence[part])) return `SKIPPED: ${part} (${reasonFor(part)})`
  }
  return false
}

function reasonFor(part: Part): string {
  try {
    return fs.readFileSync(cached('skipped', part), 'utf8').trim()
  } catch {
    return 'not installed: make interop-install'
  }
}

/** All records, every codec and every reader, or the short form that is part of `make test`. */
export const full = process.env['INTEROP'] === 'full'
