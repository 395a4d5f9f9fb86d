/**
 * The command as a whole: finds what is asked for, does it, and turns what went wrong into one sentence and an exit code.
 * Owns: nothing. The process, its argv and its end are main's.
 */
import { ConfigError } from '../config/config-error.ts'
import { parseArguments } from './arguments.ts'
import type { Command } from './command.ts'
import { CommandError, Exit, type ExitCode, UsageError } from './exit.ts'
import { helpText } from './help.ts'
import { visible } from './table.ts'
import type { Terminal } from './terminal.ts'

export interface Program {
  readonly commands: readonly Command[]
  /** Read when it is asked for. */
  readonly version: () => string
  /** Errors of these kinds are the world's, and told in their own words; of all others the stack is shown. */
  readonly worldly: readonly (abstract new (
    ...given: never[]
  ) => Error)[]
}

export async function runProgram(argv: readonly string[], { commands, version, worldly }: Program, terminal: Terminal): Promise<ExitCode> {
  try {
    const request = parseArguments(argv, commands)
    switch (request.kind) {
      case 'help':
        await terminal.out.write(helpText(request.of, commands))
        return Exit.ok
      case 'version':
        await terminal.out.write(`stele ${version()}\n`)
        return Exit.ok
      case 'run':
        return await request.command.run(request.input, terminal)
      default:
        return request satisfies never
    }
  } catch (error) {
    return told(error, worldly, terminal)
  }
}

async function told(error: unknown, worldly: Program['worldly'], { err }: Terminal): Promise<ExitCode> {
  if (error instanceof UsageError) {
    await err.write(`stele: ${visible(error.message)}\nTry: stele ${[error.command, '--help'].join(' ').trim()}\n`)
    return Exit.usage
  }
  if (error instanceof ConfigError) {
    await err.write(`stele: ${visible(error.message)}\n`)
    return Exit.usage
  }
  if (error instanceof CommandError || worldly.some((kind) => error instanceof kind)) {
    await err.write(`stele: ${visible((error as Error).message)}\n`)
    return Exit.failed
  }
  await err.write(`stele: this is a mistake in stele itself:\n${error instanceof Error ? error.stack : String(error)}\n`)
  return Exit.failed
}
