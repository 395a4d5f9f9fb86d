/**
 * The real logger: pino, writing JSON lines for programs or short lines for people.
 * Who imports this file loads pino, so the command does so after the broker listens.
 */
import { pino } from 'pino'
import type { Logger, LogLevel } from './logger.ts'
import { textLine } from './text-line.ts'

/** Takes whole lines, newline included. */
export interface LogDestination {
  write(line: string): void
}

export interface LoggerOptions {
  level: LogLevel | 'silent'
  format: 'json' | 'text'
  /** Colours, for text on a terminal. */
  colours?: boolean
}

export interface LeveledLogger extends Logger {
  /** May be changed while the broker runs (`stele.log.level`). */
  level: string
}

export function pinoLogger({ level, format, colours = false }: LoggerOptions, destination: LogDestination): LeveledLogger {
  const lines = format === 'json' ? destination : { write: (line: string) => destination.write(textLine(line, colours)) }
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } }, lines)
}
