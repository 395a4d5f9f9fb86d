/**
 * The bench's door: measures workloads against one broker, or against two by turns.
 * Owns: the order of rounds. Writes nothing; who calls it shows what it tells.
 */
import { machineFacts } from './measure/machine.ts'
import { listenerOf } from './measure/process-usage.ts'
import type { Plan, Target } from './plan.ts'
import type { Report, Run } from './report/report.ts'
import { runRound } from './round.ts'
import { workloadNamed } from './workloads/catalog.ts'

export { BenchError } from './bench-error.ts'
export { machineText } from './measure/machine.ts'
export { loadOf, type Plan, type Target } from './plan.ts'
export { type FigureRow, figureRows, figureText } from './report/figures.ts'
export { pageOf } from './report/page.ts'
export type { Report } from './report/report.ts'
export { workloads, workloadsCalled } from './workloads/catalog.ts'

export interface BenchEvents {
  /** The next round begins. */
  round(workload: string, target: string, round: number, rounds: number): void
  /** So many are measured in this round. */
  progress(count: number, unit: string): void
}

export interface BenchOptions {
  /** What was typed. */
  readonly command: string
  readonly events: BenchEvents
  /** Ends the round that is under way early; what was measured is told. */
  readonly signal: AbortSignal
}

export async function bench(plan: Plan, { command, events, signal }: BenchOptions): Promise<Report> {
  const startedAt = new Date().toISOString()
  const targets = plan.targets.map(withPid)
  const runs: Run[] = []
  for (const name of plan.workloads) {
    const workload = workloadNamed(name)
    for (let round = 0; round < plan.rounds; round++) {
      for (const target of byTurns(targets.length, round)) {
        if (signal.aborted) break
        const aim = targets[target] as Target
        events.round(name, aim.bootstrap, round, plan.rounds)
        const progress = (count: number) => events.progress(count, workload.unit)
        const result = await runRound(workload, aim, plan.load, { progress }, signal)
        runs.push({ ...result, target, round })
      }
    }
  }
  return { startedAt, command, machine: machineFacts(), plan: { ...plan, targets }, runs, notes: notesOf(targets) }
}

function withPid(target: Target): Target {
  return { ...target, pid: target.pid ?? listenerOf(target.bootstrap) }
}

/** Who goes first pays for what the machine has not warmed up yet: each in turn does. */
function byTurns(count: number, round: number): number[] {
  const order = Array.from({ length: count }, (_, index) => index)
  return round % 2 === 0 ? order : order.reverse()
}

function notesOf(targets: readonly Target[]): string[] {
  return targets
    .filter(({ pid }) => pid === undefined)
    .map(({ bootstrap }) => `The process of ${bootstrap} is not known here, so its processor time and memory are not told; --pid names it.`)
}
