/**
 * Small files, read and written whole. A file that must survive a power failure is written aside, synced, and renamed into place.
 */
import { dirname } from 'node:path/posix'
import { type Disk, DiskError } from '../platform/disk.ts'

/** Undefined where there is no such file. */
export function readWhole(disk: Disk, path: string): Buffer | undefined {
  let file
  try {
    file = disk.open(path, 'read')
  } catch (error) {
    if (error instanceof DiskError && error.code === 'ENOENT') return undefined
    throw error
  }
  try {
    const bytes = Buffer.allocUnsafe(file.size())
    return bytes.subarray(0, file.read(bytes, 0))
  } finally {
    file.close()
  }
}

/** Into the page cache, and no further: for what can be made again from the log. */
export function writeWhole(disk: Disk, path: string, bytes: Uint8Array): void {
  const file = disk.open(path, 'replace')
  try {
    if (bytes.length > 0) file.write([bytes], 0)
  } finally {
    file.close()
  }
}

/** All or nothing, and on the device when it returns: it waits for that. For start and shutdown, and what is written once for a segment. */
export function replaceNow(disk: Disk, path: string, bytes: Uint8Array): void {
  const aside = `${path}.tmp`
  const file = disk.open(aside, 'replace')
  try {
    file.write([bytes], 0)
    file.syncNow()
  } finally {
    file.close()
  }
  disk.rename(aside, path)
  disk.syncDirectoryNow(dirname(path))
}

/** The same off the event loop. Not put into place unless `isWanted` still holds when the bytes are on the device. */
export async function replaceLater(disk: Disk, path: string, bytes: Uint8Array, isWanted: () => boolean): Promise<void> {
  const aside = `${path}.later.tmp`
  const file = disk.open(aside, 'replace')
  try {
    file.write([bytes], 0)
    await file.sync()
  } finally {
    file.close()
  }
  if (!isWanted()) return
  disk.rename(aside, path)
  await disk.syncDirectory(dirname(path))
}
