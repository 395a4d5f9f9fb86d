/** What groups tell of themselves: Kafka's group coordinator metrics, by names of our own. */
import type { MetricRegistry } from './registry.ts'

export interface GroupCount {
  /** `Classic` or `Consumer`. */
  readonly type: string
  /** As ListGroups has it. */
  readonly state: string
  readonly groups: number
  readonly members: number
}

/** As they stand when asked. */
export interface GroupFigures {
  readonly counts: readonly GroupCount[]
  readonly offsets: number
  /** Since the start. */
  readonly commits: number
  readonly expired: number
  readonly rebalances: { readonly classic: number; readonly consumer: number }
}

export function declareGroups(registry: MetricRegistry, figures: () => GroupFigures): void {
  registry.gauge('stele_groups', 'Groups that are coordinated here, by protocol and state.', () =>
    figures().counts.map(({ type, state, groups }) => [{ type, state }, groups] as const),
  )
  registry.gauge('stele_group_members', 'Members of these groups.', () =>
    figures().counts.map(({ type, state, members }) => [{ type, state }, members] as const),
  )
  registry.gauge('stele_group_offsets', 'Committed offsets that are kept.', () => figures().offsets)
  registry.counter('stele_group_commits_total', 'Offsets committed, those of transactions too.', () => figures().commits)
  registry.counter('stele_group_offsets_expired_total', 'Offsets forgotten after their time.', () => figures().expired)
  registry.counter('stele_group_rebalances_total', 'Generations of classic groups, and epochs of consumer groups, that began.', () => [
    [{ type: 'Classic' }, figures().rebalances.classic],
    [{ type: 'Consumer' }, figures().rebalances.consumer],
  ])
}
