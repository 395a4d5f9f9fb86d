/**
 * Packages with machine code, loaded when first used and not before: a start pays for none of them, and a client lives without.
 * Never: fails at import. Who needs one that is missing asks `native` and decides between a fallback and an error.
 */
// oxlint-disable-next-line import/no-nodejs-modules -- synchronous loading on first use; no world is reached
import { createRequire } from 'node:module'

export interface NativePackages {
  '@node-rs/crc32': { crc32c(bytes: Uint8Array, seed?: number): number }
  'lz4-napi': { compressFrameSync(bytes: Buffer): Buffer; decompressFrameSync(bytes: Buffer): Buffer }
  snappy: { compressSync(bytes: Uint8Array): Buffer; uncompressSync(bytes: Uint8Array): Buffer }
}

const require = createRequire(import.meta.url)
const loaded = new Map<string, unknown>()

/** Null where it isn't installed or has no binary for this machine. */
export function native<Name extends keyof NativePackages>(name: Name): NativePackages[Name] | null {
  let found = loaded.get(name)
  if (found === undefined) {
    try {
      found = require(name)
    } catch {
      found = null
    }
    loaded.set(name, found)
  }
  return found as NativePackages[Name] | null
}
