/**
 * The load processes of one round: forked, started together, heard until each has told its outcome.
 * Owns: the processes. None outlives the round, however it ends.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { BenchError } from '../bench-error.ts'
import { entryUrl } from './entry.ts'
import type { FromProcess, Outcome, Share, ToProcess } from './messages.ts'

export interface CrewEvents {
  /** All of them have opened what they need, and nothing flows yet. Those who start wait until this resolves. */
  ready(): Promise<void>
  /** The first is being measured. */
  measuring(): void
  progress(count: number, bytes: number): void
  /** Of the first, the measured time is over. */
  measured(): void
}

export interface CrewEnd {
  /** Ends it early, and in good order. */
  readonly signal: AbortSignal
  /** Rejects when there is nobody left to load. */
  readonly gone: Promise<never>
}

/** Throws what the first process to fail says. */
export async function runCrew(shares: readonly Share[], events: CrewEvents, { signal, gone }: CrewEnd): Promise<Outcome[]> {
  const hands = shares.map((share) => new Hand(share, events))
  const stop = () => {
    for (const hand of hands) hand.say({ kind: 'stop' })
  }
  signal.addEventListener('abort', stop)
  try {
    await Promise.race([Promise.all(hands.map((hand) => hand.ready)), ...hands.map((hand) => hand.outcome), gone])
    await events.ready()
    for (const hand of hands) hand.say({ kind: 'start' })
    return await Promise.race([Promise.all(hands.map((hand) => hand.outcome)), gone])
  } finally {
    signal.removeEventListener('abort', stop)
    for (const hand of hands) hand.end()
  }
}

class Hand {
  readonly ready: Promise<void>
  readonly outcome: Promise<Outcome>
  readonly #child: ChildProcess

  constructor(share: Share, events: CrewEvents) {
    // Nothing that the harness itself was started with (a profiler, a test runner's hooks) belongs into the load.
    const { NODE_OPTIONS: _hooks, ...env } = process.env
    this.#child = fork(fileURLToPath(entryUrl('load-process')), { serialization: 'advanced', execArgv: [], env })
    const ready = Promise.withResolvers<void>()
    const outcome = Promise.withResolvers<Outcome>()
    this.ready = ready.promise
    this.outcome = outcome.promise
    this.outcome.catch(() => undefined)
    this.#child.on('message', (message: FromProcess) => {
      if (message.kind === 'ready') ready.resolve()
      else if (message.kind === 'measuring') events.measuring()
      else if (message.kind === 'measured') events.measured()
      else if (message.kind === 'progress') events.progress(message.count, message.bytes)
      else if (message.kind === 'outcome') outcome.resolve(message.outcome)
      else outcome.reject(new BenchError(message.message))
    })
    this.#child.on('error', (error) => outcome.reject(error))
    this.#child.on('exit', (code, by) => outcome.reject(new BenchError(`a load process ended with ${code ?? by}, and without a word`)))
    this.say({ kind: 'share', share })
  }

  say(message: ToProcess): void {
    // One that is gone says so by its exit.
    if (this.#child.connected) this.#child.send(message, () => undefined)
  }

  end(): void {
    this.#child.removeAllListeners('exit')
    if (this.#child.connected) this.#child.disconnect()
  }
}
