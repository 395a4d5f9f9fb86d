/**
 * What the commit journal still repeats, put back where it belongs, before any log is opened.
 * Owns: nothing that lives on. A segment that is gone was deleted, and stays gone; bytes are never put beyond a gap.
 */
import type { Logger } from '../metrics/logger.ts'
import type { Disk, DiskFile } from '../platform/disk.ts'
import { journalKey, removeJournal, replayJournal } from './commit-journal.ts'
import type { JournalEntry } from './journal-rounds.ts'
import { readTopicId } from './partition-files.ts'
import { offsetFileName, parsePartitionFolder } from './segment-files.ts'

/** Throws the DiskError that stands in the way. The generation with which the next journal begins. */
export function restoreJournal(disk: Disk, path: string, logger: Logger): number {
  const { entries, nextGeneration } = replayJournal(disk, path)
  if (entries.length > 0) {
    const files = new Map<string, DiskFile>()
    try {
      const folders = partitionFolders(disk, path)
      let restored = 0
      for (const entry of entries) restored += restore(disk, folders, files, entry)
      for (const file of files.values()) file.syncNow()
      logger.info({ entries: entries.length, bytes: restored }, 'What the commit journal repeats was put back into the logs')
    } finally {
      for (const file of files.values()) file.close()
    }
  }
  removeJournal(disk, path)
  return nextGeneration
}

/** By the journal's name for a log: its folder. */
function partitionFolders(disk: Disk, path: string): Map<string, string> {
  const folders = new Map<string, string>()
  for (const { name, kind } of disk.list(path)) {
    const parsed = kind === 'directory' ? parsePartitionFolder(name) : undefined
    const topicId = parsed && readTopicId(disk, `${path}/${name}`)
    if (parsed && topicId) folders.set(journalKey({ topicId, partition: parsed.partition }), `${path}/${name}`)
  }
  return folders
}

/** Bytes written. */
function restore(disk: Disk, folders: ReadonlyMap<string, string>, files: Map<string, DiskFile>, entry: JournalEntry): number {
  const folder = folders.get(journalKey(entry))
  if (folder === undefined) return 0
  const path = `${folder}/${offsetFileName(entry.segment, '.log')}`
  if (!files.has(path)) {
    if (!disk.exists(path)) return 0
    files.set(path, disk.open(path, 'append'))
  }
  const file = files.get(path) as DiskFile
  if (entry.position > file.size()) return 0
  file.write([entry.bytes], entry.position)
  return entry.bytes.length
}
