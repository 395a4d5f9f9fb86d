/** What the process uses, as the broker tells it to whoever scrapes its metrics. */
export interface Vitals {
  cpuSeconds(): number
  residentBytes(): number
  heapBytes(): number
  /** Since the Unix epoch. */
  startedAtSeconds(): number
}
