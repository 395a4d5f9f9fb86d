/**
 * How the command ends: exit codes, and the errors that mean one.
 *   0  done
 *   1  not done: the world (a broker that does not answer, a full disk) or the broker said no
 *   2  not understood: a flag, an argument or a setting is wrong; nothing was begun
 *  70  a mistake of ours: the broker ended itself, and recovers when it is started again
 */

export const Exit = { ok: 0, failed: 1, usage: 2, fatal: 70 } as const
export type ExitCode = (typeof Exit)[keyof typeof Exit]

/** The command line is wrong: one sentence, and whose help to read. */
export class UsageError extends Error {
  /** `topics create`; empty for the command as a whole. */
  readonly command: string

  constructor(message: string, command = '') {
    super(message)
    this.name = 'UsageError'
    this.command = command
  }
}

/** It could not be done: one sentence for people, without a stack. */
export class CommandError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'CommandError'
  }
}
