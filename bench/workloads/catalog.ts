/** All workloads, by name. */
import { BenchError } from '../bench-error.ts'
import { fetchCold, fetchTail } from './fetch.ts'
import { latency } from './latency.ts'
import { produce } from './produce.ts'
import type { Workload } from './workload.ts'

export const workloads: readonly Workload[] = [produce, fetchTail, fetchCold, latency]

export function workloadNamed(name: string): Workload {
  const found = workloads.find((workload) => workload.name === name)
  if (!found) throw new BenchError(`there is no workload '${name}'`)
  return found
}
