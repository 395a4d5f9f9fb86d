/**
 * What a process of this machine uses, by /proc: processor time and memory; and which process listens on a port.
 * Elsewhere than on Linux, and for processes that may not be looked at, there is nothing to say: undefined.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { networkInterfaces } from 'node:os'

export interface Usage {
  /** User and system time of all its threads since it began. */
  readonly cpuSeconds: number
  readonly residentBytes: number
}

/** Linux counts in hundredths of a second for everybody, whatever the kernel's own tick. */
const ticksPerSecond = 100

export function usageOf(pid: number): Usage | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name stands in parentheses and may hold anything, spaces too.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [, kibibytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    const cpuSeconds = (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
    return { cpuSeconds, residentBytes: Number(kibibytes) * 1024 }
  } catch {
    return undefined
  }
}

/** The process that listens at `host:port`, if that is this machine. */
export function listenerOf(target: string): number | undefined {
  const at = target.lastIndexOf(':')
  if (!isHere(target.slice(0, at))) return undefined
  const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listeningInodes(table, Number(target.slice(at + 1)))))
  if (inodes.size === 0) return undefined
  const pid = entriesOf('/proc').find(
    (name) => /^\d+$/.test(name) && entriesOf(`/proc/${name}/fd`).some((fd) => inodes.has(linkOf(`/proc/${name}/fd/${fd}`))),
  )
  return pid === undefined ? undefined : Number(pid)
}

function isHere(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '')
  if (bare === 'localhost') return true
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === bare))
}

const listenState = '0A'

/** As /proc/<pid>/fd links name them. */
function listeningInodes(table: string, port: number): string[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return linesIn(table)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(wanted) && state === listenState)
    .map((fields) => `socket:[${fields[9]}]`)
}

function linesIn(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n')
  } catch {
    return []
  }
}

function entriesOf(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
