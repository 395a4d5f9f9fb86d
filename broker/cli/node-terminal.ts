/** The terminal of this process. A reader that goes away (`| head`) ends the command quietly. */
import type { WriteStream } from 'node:tty'
import { Exit } from './exit.ts'
import type { Stream, Terminal } from './terminal.ts'

const columnsOtherwise = 100

class NodeStream implements Stream {
  readonly #stream: WriteStream

  constructor(stream: WriteStream) {
    this.#stream = stream
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(Exit.ok)
      throw error
    })
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY === true
  }

  get columns(): number {
    return this.#stream.columns ?? columnsOtherwise
  }

  write(text: string | Uint8Array): Promise<void> {
    if (this.#stream.write(text)) return Promise.resolve()
    return new Promise((resolve) => this.#stream.once('drain', resolve))
  }
}

export function nodeTerminal(): Terminal {
  const { stdout, stderr, env } = process
  const colours = stdout.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
  return { out: new NodeStream(stdout), err: new NodeStream(stderr), colours }
}
