/**
 * What the files and folders of a data directory are called: Kafka's names, made and taken apart.
 * Never touches the disk.
 */
import type { Offset } from './offset.ts'

const offsetDigits = 20
const offsetName = /^(\d{20})\.([a-z.]+)$/
const partitionName = /^(.+)-(\d+)$/

/** `00000000000000000042` + `.log`, `.index`, `.timeindex`, `.txnindex`, `.snapshot`. */
export function offsetFileName(offset: Offset, suffix: string): string {
  return String(offset).padStart(offsetDigits, '0') + suffix
}

/** The offset and what follows it (`log`, `index`, `log.deleted`, …), or undefined where the name is none of ours. */
export function parseOffsetFileName(name: string): { offset: Offset; suffix: string } | undefined {
  const match = offsetName.exec(name)
  if (!match) return undefined
  const offset = Number(match[1])
  return Number.isSafeInteger(offset) ? { offset, suffix: match[2] as string } : undefined
}

export function partitionFolder(topic: string, partition: number): string {
  return `${topic}-${partition}`
}

export function parsePartitionFolder(name: string): { topic: string; partition: number } | undefined {
  const match = partitionName.exec(name)
  if (!match || isDeletedFolder(name)) return undefined
  const partition = Number(match[2])
  return Number.isSafeInteger(partition) ? { topic: match[1] as string, partition } : undefined
}

/** The longest name a folder may have on the usual file systems. */
const nameBytesMax = 255

/** `orders-0.<32 hex digits>-delete`: a folder on its way out, or put aside (`-stray`). */
export function retiredFolder(folder: string, uniqueId: string, as: 'delete' | 'stray'): string {
  const ending = `.${uniqueId}-${as}`
  return folder.slice(0, nameBytesMax - ending.length) + ending
}

export function isDeletedFolder(name: string): boolean {
  return /\.[0-9a-f]{32}-delete$/.test(name)
}
