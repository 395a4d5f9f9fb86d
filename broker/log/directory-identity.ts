/**
 * Whose data directory this is: `meta.properties`, Kafka's format version 1. And the marker of a clean stop.
 * Never: touches anything in a directory that is not ours.
 */
import type { Disk } from '../platform/disk.ts'
import type { Random } from '../platform/random.ts'
import { readWhole, replaceNow } from './whole-file.ts'

/** The directory cannot be used as it is: locked, another node's, or of another format. Nothing in it was touched. */
export class DirectoryRefused extends Error {
  readonly path: string
  constructor(path: string, reason: string, cause?: unknown) {
    super(`${path}: ${reason}`, { cause })
    this.name = 'DirectoryRefused'
    this.path = path
  }
}

export interface DirectoryIdentity {
  readonly clusterId: string
  readonly directoryId: string
}

interface Wanted {
  readonly nodeId: number
  readonly clusterId: string | undefined
}

const identityName = 'meta.properties'
const markerName = '.kafka_cleanshutdown'
/** What a directory may hold that no broker has used yet. */
const harmless = new Set(['lost+found', `${identityName}.tmp`])

/** Reads the identity, or makes one for an empty directory. Throws DirectoryRefused. */
export function claimDirectory(disk: Disk, random: Random, path: string, wanted: Wanted): DirectoryIdentity {
  const text = readWhole(disk, `${path}/${identityName}`)?.toString()
  if (text === undefined) return newIdentity(disk, random, path, wanted)
  const properties = parseProperties(text)
  const version = properties.get('version')
  if (version !== '1') throw new DirectoryRefused(path, `${identityName} is of version ${version ?? 'none'}, 1 is what is understood`)
  const nodeId = properties.get('node.id')
  if (nodeId !== String(wanted.nodeId))
    throw new DirectoryRefused(path, `it belongs to node ${nodeId ?? 'none'}, this is node ${wanted.nodeId}`)
  const clusterId = properties.get('cluster.id')
  if (!clusterId) throw new DirectoryRefused(path, `${identityName} names no cluster.id`)
  if (wanted.clusterId !== undefined && wanted.clusterId !== clusterId) {
    throw new DirectoryRefused(path, `it belongs to cluster ${clusterId}, this is ${wanted.clusterId}`)
  }
  const directoryId = properties.get('directory.id')
  if (directoryId) return { clusterId, directoryId }
  const identity = { clusterId, directoryId: newId(random) }
  writeIdentity(disk, path, identity, wanted.nodeId)
  return identity
}

function newIdentity(disk: Disk, random: Random, path: string, { nodeId, clusterId }: Wanted): DirectoryIdentity {
  const foreign = disk.list(path).find(({ name }) => !harmless.has(name) && !name.startsWith('.'))
  if (foreign) throw new DirectoryRefused(path, `it is not empty ("${foreign.name}"), and has no ${identityName}: not a broker's data`)
  const identity = { clusterId: clusterId ?? newId(random), directoryId: newId(random) }
  writeIdentity(disk, path, identity, nodeId)
  return identity
}

function writeIdentity(disk: Disk, path: string, { clusterId, directoryId }: DirectoryIdentity, nodeId: number): void {
  const text = `cluster.id=${clusterId}\ndirectory.id=${directoryId}\nnode.id=${nodeId}\nversion=1\n`
  replaceNow(disk, `${path}/${identityName}`, Buffer.from(text))
}

function parseProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*([^#!=:\s][^=:\s]*)\s*[=:]\s*(.*?)\s*$/.exec(line)
    if (match) properties.set(match[1] as string, match[2] as string)
  }
  return properties
}

/** 16 bytes as Kafka prints ids. One that begins with a dash could be taken for an option on a command line. */
function newId(random: Random): string {
  for (;;) {
    const id = random.bytes(16).toString('base64url')
    if (!id.startsWith('-')) return id
  }
}

/** Whether the last stop was clean. From now on it is not: the marker is gone, on the device too. */
export function takeCleanMarker(disk: Disk, path: string): boolean {
  if (!disk.exists(`${path}/${markerName}`)) return false
  disk.remove(`${path}/${markerName}`)
  disk.syncDirectoryNow(path)
  return true
}

export function writeCleanMarker(disk: Disk, path: string): void {
  replaceNow(disk, `${path}/${markerName}`, Buffer.from('{"version":0,"brokerEpoch":-1}'))
}
