/**
 * The codecs that a batch may be compressed with, by their ids in its attributes. One file each; this is the table.
 * Native packages load when first needed, and without them LZ4 and Snappy are done in TypeScript. Hostile input allocates no more than the bound it is given.
 */
import { RecordsError } from '../records-error.ts'
import { gzip } from './gzip.ts'
import { lz4 } from './lz4.ts'
import { snappy } from './snappy.ts'
import { hasZstd, zstd } from './zstd.ts'

export interface Codec {
  /** The level, where the codec has one, is in its own scale. */
  compress(bytes: Buffer, level?: number): Buffer
  /** Throws a RecordsError: undecodable, inflated (more than `bytesMax` would come out), codec (not installed). */
  decompress(bytes: Buffer, bytesMax: number): Buffer
}

/** In the order of their ids. */
export const codecNames = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export type CodecName = (typeof codecNames)[number]

export const codecId = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const satisfies Record<CodecName, number>

/** What a batch may hold once decompressed, unless the caller says otherwise. One batch is decompressed at a time. */
export const decompressedBytesMax = 128 * 1024 * 1024

const codecs: readonly (Codec | null)[] = [null, gzip, snappy, lz4, zstd]

export function isCodec(id: number): boolean {
  return id >= 0 && id < codecs.length
}

/** Why nothing can be compressed so here: the end of a sentence about `name`. Undefined if it can. */
export function codecProblem(name: string): string | undefined {
  if (!(codecNames as readonly string[]).includes(name)) return `must be one of ${codecNames.join(', ')}`
  return name === 'zstd' && !hasZstd ? 'needs Node 22.15 or later' : undefined
}

function codecOf(id: number): Codec | null {
  const codec = codecs[id]
  if (codec === undefined) throw new RecordsError('codec', `Nobody knows compression codec ${id}`)
  return codec
}

export function compress(id: number, bytes: Buffer, level?: number): Buffer {
  return codecOf(id)?.compress(bytes, level) ?? bytes
}

export function decompress(id: number, bytes: Buffer, bytesMax = decompressedBytesMax): Buffer {
  return codecOf(id)?.decompress(bytes, bytesMax) ?? bytes
}
