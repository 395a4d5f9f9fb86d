/**
 * The broker's own log, as its parts see it: facts as fields, and a sentence for people.
 * pino is one (pino-logger.ts). Parts are handed theirs by constructor, and never log record contents.
 */

export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  /** The same with these fields on every line. */
  child(fields: object): Logger
}

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace'

/** Says nothing: for brokers inside of others' tests. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
}
