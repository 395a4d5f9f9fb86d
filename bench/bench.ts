/**
 * The bench's door: measures workloads against one broker, or against two by turns.
 * Owns: the order of rounds. Writes nothing; who calls it shows what it tells.
 */
import { ClientError } from '../client/index.ts'
import { BenchError } from './bench-error.ts'
import { foreignClients, foreignDirections } from './foreign/catalog.ts'
import type { ForeignClient } from './foreign/foreign-load.ts'
import { machineFacts } from './measure/machine.ts'
import { listenerOf } from './measure/process-usage.ts'
import { labelOf, type Plan, type Target } from './plan.ts'
import { kindOf } from './report/figures.ts'
import type { Report, Run, Sample } from './report/report.ts'
import { runForeignRound, runRound } from './round.ts'
import { workloadNamed } from './workloads/catalog.ts'
import type { Workload } from './workloads/workload.ts'

export { BenchError } from './bench-error.ts'
export { foreignClients } from './foreign/catalog.ts'
export { machineText } from './measure/machine.ts'
export { labelOf, loadOf, type Plan, type Target } from './plan.ts'
export { type FigureRow, figureRows, figureText } from './report/figures.ts'
export { pageOf } from './report/page.ts'
export type { Report, Sample } from './report/report.ts'
export { workloads, workloadsCalled } from './workloads/catalog.ts'

export interface RoundPlace {
  /** With whose client, where that is not ours. */
  readonly workload: string
  readonly target: string
  readonly round: number
  /** What is counted. */
  readonly unit: string
  /** Whether it tells on its way what it does. */
  readonly isTold: boolean
  /** Of all rounds, from 1. */
  readonly nth: number
  readonly total: number
}

export interface BenchEvents {
  /** The next round begins. */
  round(place: RoundPlace): void
  /** It is warm, and measured from now on. */
  measuring(): void
  /** So many are measured in this round. */
  progress(count: number): void
  /** What the last half second was like. */
  sample(sample: Sample): void
  /** Something that is asked for cannot be measured. */
  notice(text: string): void
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
  const notes = notesOf(targets)
  const notice = (note: string) => {
    notes.push(note)
    events.notice(note)
  }
  const passes = passesOf(plan, notice)
  if (passes.length === 0) throw new BenchError(`nothing can be measured: ${notes.join(' ')}`)
  const runs: Run[] = []
  let failure: string | null = null
  try {
    const rounds = roundsOf(plan, passes)
    for (const [index, round] of rounds.entries()) {
      if (signal.aborted) break
      events.round(placeOf(targets, round, index + 1, rounds.length))
      runs.push(await measured(plan, targets, round, { events: { ...events, notice }, signal }))
    }
  } catch (error) {
    // What was measured by then has taken its time, and is told.
    if (runs.length === 0 || !(error instanceof BenchError || error instanceof ClientError)) throw error
    failure = error.message
  }
  return { startedAt, command, machine: machineFacts(), plan: { ...plan, targets }, runs, notes, failure }
}

interface Round extends Pass {
  readonly target: number
  readonly round: number
}

function roundsOf({ rounds, targets }: Plan, passes: readonly Pass[]): Round[] {
  const inTurn = Array.from({ length: rounds }, (_, round) => byTurns(targets.length, round).map((target) => ({ target, round }))).flat()
  return passes.flatMap((pass) => inTurn.map((turn) => ({ ...pass, ...turn })))
}

function placeOf(targets: readonly Target[], { workload, client, target, round }: Round, nth: number, total: number): RoundPlace {
  const kind = kindOf({ workload: workload.name, client: client?.name ?? 'stele' })
  const aim = labelOf(targets[target] as Target)
  return { workload: kind, target: aim, round, unit: workload.unit, isTold: client === undefined, nth, total }
}

async function measured(
  { load }: Plan,
  targets: readonly Target[],
  { workload, client, target, round }: Round,
  { events, signal }: Pick<BenchOptions, 'events' | 'signal'>,
): Promise<Run> {
  const aim = targets[target] as Target
  const options = { workload, target: aim, load, events, signal }
  const direction = foreignDirections[workload.name]
  const result = client && direction ? await runForeignRound(options, client, direction) : await runRound(options)
  return { ...result, target, round }
}

interface Pass {
  readonly workload: Workload
  /** Undefined: our own. */
  readonly client: ForeignClient | undefined
}

/** What can be measured of what is asked for; `say` what cannot. */
function passesOf({ workloads: asked, clients, load }: Plan, say: (note: string) => void): Pass[] {
  const workloads = asked.filter((name) => {
    const reason = workloadNamed(name).unfit?.(load)
    if (reason !== undefined) say(`NOT MEASURED: ${name}: ${reason}.`)
    return reason === undefined
  })
  const foreign = foreignClients.filter(({ name }) => clients.includes(name))
  const here = foreign.filter((client) => {
    const reason = client.missing()
    if (reason !== undefined) say(`NOT MEASURED: ${client.name}: ${reason}.`)
    return reason === undefined
  })
  const ownAlone = workloads.filter((name) => foreignDirections[name] === undefined)
  for (const { name } of ownAlone.length > 0 ? here : []) say(`NOT MEASURED: ${name} does not make the load of ${ownAlone.join(', ')}.`)
  return workloads.flatMap((name) => {
    const workload = workloadNamed(name)
    const own: Pass[] = clients.includes('stele') ? [{ workload, client: undefined }] : []
    if (foreignDirections[name] !== undefined) return [...own, ...here.map((client) => ({ workload, client }))]
    return own
  })
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
    .map((target) => `The process of ${labelOf(target)} is not known here, so its processor time and memory are not told; --pid names it.`)
}
