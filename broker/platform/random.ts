/** Chance, as the broker sees it. In the simulator all of it comes from one seed. */
export interface Random {
  /** `count` unpredictable bytes (ids, nonces). */
  bytes(count: number): Buffer
  /** In [0, 1): jitter and back-off. */
  fraction(): number
}
