/** One run of one client in a process of its own: what it was asked for, and what it took. */

export interface Lap {
  readonly client: string
  readonly direction: 'produce' | 'consume'
  readonly bootstrap: string
  readonly topic: string
  /** Measured, after the warm-up. */
  readonly records: number
  readonly warmUpRecords: number
  readonly size: number
  readonly perSend: number
  readonly sendsUnderWay: number
}

export interface LapResult {
  readonly records: number
  readonly bytes: number
  readonly seconds: number
  /** User and system time of the process, while it was measured. */
  readonly cpuSeconds: number
  readonly residentBytes: number
}
