/** What a figure says nothing without: the machine that it was measured on. */
import { cpus, release, totalmem, type as systemType } from 'node:os'

export interface MachineFacts {
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
  readonly system: string
  readonly node: string
}

export function machineFacts(): MachineFacts {
  const all = cpus()
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryBytes: totalmem(),
    system: `${systemType()} ${release()}`,
    node: process.version,
  }
}

/** In a line. */
export function machineText({ cpu, cores, memoryBytes, system, node }: MachineFacts): string {
  return `${cores} × ${cpu}, ${Math.round(memoryBytes / 2 ** 30)} GiB, ${system}, Node ${node}`
}
