/**
 * A logger for the time before the real one is there: loading pino takes longer than opening a listener.
 * Owns: the lines so far, in order, at most `linesMax`; later ones are counted, and told of.
 */
import type { Logger } from './logger.ts'

type Level = 'debug' | 'info' | 'warn' | 'error'

const linesMax = 1000

class Held {
  lines: { level: Level; fields: object; message: string }[] = []
  dropped = 0
  target: Logger | undefined
}

export class LateLogger implements Logger {
  readonly #held: Held
  readonly #fields: object

  private constructor(held: Held, fields: object) {
    this.#held = held
    this.#fields = fields
  }

  static create(): LateLogger {
    return new LateLogger(new Held(), {})
  }

  debug(fields: object, message: string): void {
    this.#log('debug', fields, message)
  }

  info(fields: object, message: string): void {
    this.#log('info', fields, message)
  }

  warn(fields: object, message: string): void {
    this.#log('warn', fields, message)
  }

  error(fields: object, message: string): void {
    this.#log('error', fields, message)
  }

  child(fields: object): LateLogger {
    return new LateLogger(this.#held, { ...this.#fields, ...fields })
  }

  /** Hands over the lines so far; from now on all go there at once. */
  attach(target: Logger): void {
    const { lines, dropped } = this.#held
    this.#held.lines = []
    this.#held.target = target
    for (const { level, fields, message } of lines) target[level](fields, message)
    if (dropped > 0) target.warn({ dropped }, 'lines were lost before the log was ready')
  }

  #log(level: Level, fields: object, message: string): void {
    const held = this.#held
    const all = { ...this.#fields, ...fields }
    if (held.target) held.target[level](all, message)
    else if (held.lines.length < linesMax) held.lines.push({ level, fields: all, message })
    else held.dropped++
  }
}
