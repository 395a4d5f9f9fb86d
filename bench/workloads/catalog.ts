/** All workloads, by name. */
import { BenchError } from '../bench-error.ts'
import { fanOut, webSocket } from './fan-out.ts'
import { fetchCold, fetchTail } from './fetch.ts'
import { groupCommits } from './group-commits.ts'
import { groupRebalance } from './group-rebalance.ts'
import { latency } from './latency.ts'
import { produce } from './produce.ts'
import { transactions } from './transactions.ts'
import type { Workload } from './workload.ts'

export const workloads: readonly Workload[] = [
  produce,
  fetchTail,
  fetchCold,
  latency,
  fanOut,
  groupCommits,
  groupRebalance,
  transactions,
  webSocket,
]

export function workloadNamed(name: string): Workload {
  const found = workloads.find((workload) => workload.name === name)
  if (!found) throw new BenchError(`there is no workload '${name}'`)
  return found
}

/** The workload of that name, or all of a family: `fetch` is fetch-tail and fetch-cold. Empty where there is neither. */
export function workloadsCalled(word: string): readonly Workload[] {
  return workloads.filter(({ name }) => name === word || name.startsWith(`${word}-`))
}
