/** What a command writes to: results on one stream, everything else on the other. Commands are handed theirs, so that tests can read it. */

export interface Stream {
  /** Resolves when there is room for more. */
  write(text: string | Uint8Array): Promise<void>
  /** Someone looks at it, and it moves: tables are aligned, progress is drawn. */
  readonly isTerminal: boolean
  /** Characters in a line; of meaning on a terminal. */
  readonly columns: number
}

export interface Terminal {
  /** Results. */
  readonly out: Stream
  /** Progress, warnings, errors. */
  readonly err: Stream
  /** NO_COLOR is heeded. */
  readonly colours: boolean
}
