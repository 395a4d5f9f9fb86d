/** What is in the log keeps it from being compacted: damage, or files that contradict each other. Nothing was changed. */
export class CompactionFault extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'CompactionFault'
  }
}
