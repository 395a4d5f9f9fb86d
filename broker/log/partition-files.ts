/** The small files of a partition's folder besides its segments: `partition.metadata`, which names the topic's id. */
import type { Disk } from '../platform/disk.ts'
import { readWhole, writeWhole } from './whole-file.ts'

const metadataName = 'partition.metadata'

export function writePartitionMetadata(disk: Disk, folder: string, topicId: string): void {
  writeWhole(disk, `${folder}/${metadataName}`, Buffer.from(`version: 0\ntopic_id: ${topicId}`))
}

/**
 * The file has no checksum: a torn one could name another topic, so nothing in the folder is durable before it is. Written again first: in an
 * earlier life a sync of it may have failed, and then this one says nothing (recovery.ts).
 */
export async function syncPartitionMetadata(disk: Disk, folder: string): Promise<void> {
  const path = `${folder}/${metadataName}`
  const bytes = readWhole(disk, path)
  if (!bytes) return
  const file = disk.open(path, 'append')
  try {
    file.write([bytes], 0)
    await file.sync()
  } finally {
    file.close()
  }
}

const damagedCharactersMax = 2

/** Ids are random: one that differs from another in a character or two is that one, damaged before it was on the device. */
export function isDamagedId(found: string, topicId: string): boolean {
  let different = 0
  for (let at = 0; at < topicId.length; at++) if (found[at] !== topicId[at]) different++
  return different > 0 && different <= damagedCharactersMax
}

/** Undefined where there is none, or none that can be read. */
export function readTopicId(disk: Disk, folder: string): string | undefined {
  const text = readWhole(disk, `${folder}/${metadataName}`)?.toString()
  return text && /^version: 0$/m.test(text) ? /^topic_id: ([\w-]{22})$/m.exec(text)?.[1] : undefined
}
