/**
 * The real broker as a process of its own, for tests that kill it.
 * Owns: the child, its port and its log lines. It is started through the command a user runs.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { bareNode } from './bare-node.ts'

const main = fileURLToPath(new URL('../../dist/broker/cli/main.js', import.meta.url))

export class BrokerProcess {
  readonly child: ChildProcess
  readonly bootstrap: string
  readonly output: () => string

  private constructor(child: ChildProcess, bootstrap: string, output: () => string) {
    this.child = child
    this.bootstrap = bootstrap
    this.output = output
  }

  /** Resolves when it says that it is listening. */
  static start(
    directory: string,
    settings: Record<string, string> = {},
    { port = 0, config = '', http = 'off' } = {},
  ): Promise<BrokerProcess> {
    const flags = Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${value}`])
    if (config !== '') flags.push('--config', config)
    const child = spawn(...bareNode(main, 'start', '--listen', `127.0.0.1:${port}`, '--http', http, '--data', directory, ...flags), {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    return new Promise((resolve, reject) => {
      const read = (bytes: Buffer) => {
        output += bytes.toString()
        const [, bootstrap] = /listening on (\S+?:\d+)/i.exec(output) ?? []
        if (bootstrap) resolve(new BrokerProcess(child, bootstrap, () => output))
      }
      child.stdout?.on('data', read)
      child.stderr?.on('data', read)
      child.once('exit', (code, signal) => reject(new Error(`the broker ended (${code ?? signal}) before it listened:\n${output}`)))
    })
  }

  /** Where it serves HTTP, once it says so. */
  async http(): Promise<string> {
    for (;;) {
      const [, address] = /health at http:\/\/(\S+)/.exec(this.output()) ?? []
      if (address !== undefined) return address
      await once(this.child.stdout as NodeJS.ReadableStream, 'data')
    }
  }

  /** Ends it by `signal` and waits until it is gone; its exit code, null where the signal ended it. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode
    const exited = once(this.child, 'exit')
    this.child.kill(signal)
    const [code] = (await exited) as [number | null]
    return code
  }
}
