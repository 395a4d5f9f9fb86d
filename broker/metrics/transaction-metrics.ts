/** What transactions tell of themselves. */
import type { MetricRegistry } from './registry.ts'

/** As they stand when asked. */
export interface TransactionFigures {
  readonly ongoing: number
  readonly committed: number
  readonly aborted: number
  /** Of those that the coordinator aborted: they took too long. */
  readonly timedOut: number
  readonly markersOutstanding: number
}

export function declareTransactions(registry: MetricRegistry, figures: () => TransactionFigures): void {
  registry.gauge('stele_transactions_ongoing', 'Transactions that have begun, and are not decided.', () => figures().ongoing)
  registry.counter('stele_transactions_total', 'Transactions that were decided, by who decided and how.', () => [
    [{ outcome: 'committed' }, figures().committed],
    [{ outcome: 'aborted' }, figures().aborted],
    [{ outcome: 'timed out' }, figures().timedOut],
  ])
  registry.gauge(
    'stele_transaction_markers_outstanding',
    'Markers of decided transactions that are not written yet: readers of committed records wait for them.',
    () => figures().markersOutstanding,
  )
}
