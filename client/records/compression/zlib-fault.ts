/** What gzip and zstd share of node:zlib: how much to ask for at a time, and what its errors mean here. */
import { RecordsError } from '../records-error.ts'

const chunkBytesMin = 1024
const chunkBytesMax = 1024 * 1024
const usualRatio = 4

/** Room for what usually comes out at once, so that small batches take one call and large ones few. Never beyond the bound. */
export function outputChunkBytes(compressedBytes: number, bytesMax: number): number {
  return Math.max(chunkBytesMin, Math.min(compressedBytes * usualRatio, chunkBytesMax, bytesMax))
}

export function throwFault(codec: string, error: unknown): never {
  const isBound = error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
  if (isBound) throw new RecordsError('inflated', `${codec}: more would come out than the bound allows`, error)
  throw new RecordsError('undecodable', `${codec}: ${error instanceof Error ? error.message : 'damaged'}`, error)
}
