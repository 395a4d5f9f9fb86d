/**
 * The terminal of this process. A reader that goes away (`| head`) ends the command quietly: in good order if it listens to signals, unless it said that
 * it outlives its readers.
 * Streams are opened when first asked for: a broker that starts has better to do.
 */
import type { WriteStream } from 'node:tty'
import { Exit } from './exit.ts'
import type { Stream, Terminal } from './terminal.ts'

const columnsOtherwise = 100

let endsWithItsReader = true

/** From now on a reader that goes away is no reason to end: a broker goes on when whoever watched it start has left. */
export function outliveReaders(): void {
  endsWithItsReader = false
}

/** As long as a command may take to leave its group. */
const leaveMillis = 3000
let isEnding = false

function endForLackOfReaders(): void {
  if (isEnding) return
  isEnding = true
  if (!process.emit('SIGINT')) process.exit(Exit.ok)
  setTimeout(() => process.exit(Exit.ok), leaveMillis).unref()
}

class NodeStream implements Stream {
  readonly #name: 'stdout' | 'stderr'
  #opened: WriteStream | undefined

  constructor(name: 'stdout' | 'stderr') {
    this.#name = name
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY === true
  }

  get columns(): number {
    return this.#stream.columns ?? columnsOtherwise
  }

  write(text: string | Uint8Array): Promise<void> {
    const stream = this.#stream
    if (stream.destroyed || stream.write(text)) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        stream.off('drain', done).off('close', done)
        resolve()
      }
      stream.on('drain', done).on('close', done)
    })
  }

  get #stream(): WriteStream {
    this.#opened ??= this.#open()
    return this.#opened
  }

  #open(): WriteStream {
    const stream = process[this.#name]
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!endsWithItsReader) return
      if (error.code === 'EPIPE') return endForLackOfReaders()
      process.stderr.write(`stele: the output cannot be written: ${error.code ?? error.message}\n`)
      process.exit(Exit.failed)
    })
    return stream
  }
}

export function nodeTerminal(): Terminal {
  const out = new NodeStream('stdout')
  const { env } = process
  return {
    out,
    err: new NodeStream('stderr'),
    get colours() {
      return out.isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
    },
  }
}
