/**
 * What a dump says of one file: facts, each as a line for people or as a JSON object, and damages.
 * Owns: the lines not yet written, and how many damages there were.
 */
import { visible } from './table.ts'
import type { Stream } from './terminal.ts'

const heldCharactersMax = 64 * 1024

export class DumpOutput {
  damages = 0
  readonly #out: Stream
  readonly #json: boolean
  readonly #file: string
  #held = ''

  constructor(out: Stream, file: string, json: boolean) {
    this.#out = out
    this.#file = file
    this.#json = json
    if (!json) this.#held = `${visible(file)}\n`
  }

  /** @param depth how far the line for people is indented. */
  async fact(kind: string, facts: object, text: string, depth = 1): Promise<void> {
    this.#held += this.#json ? `${JSON.stringify({ file: this.#file, kind, ...facts })}\n` : `${'  '.repeat(depth)}${visible(text)}\n`
    if (this.#held.length > heldCharactersMax) await this.flush()
  }

  async damage(position: number, what: string): Promise<void> {
    this.damages++
    await this.fact('damage', { position, what }, `DAMAGED at position ${position}: ${what}`)
  }

  async flush(): Promise<void> {
    const text = this.#held
    this.#held = ''
    if (text !== '') await this.#out.write(text)
  }
}

/** Milliseconds since the Unix epoch as a moment; a number where it is none that a calendar knows. */
export function momentText(timestamp: number): string {
  return Math.abs(timestamp) <= 8.64e15 && timestamp >= 0 ? new Date(timestamp).toISOString() : String(timestamp)
}
