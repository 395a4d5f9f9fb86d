/**
 * A real browser without a window, told what to do over its debugging protocol.
 * Owns: the process, its profile in a temporary folder, and the one connection to it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'
import { bare } from './bare-node.ts'

interface Answer {
  readonly id?: number
  readonly result?: Record<string, any>
  readonly error?: { readonly message: string }
}

export class Chromium {
  readonly #child: ChildProcess
  readonly #socket: WebSocket
  readonly #profile: string
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #ids = 0

  private constructor(child: ChildProcess, socket: WebSocket, profile: string) {
    this.#child = child
    this.#socket = socket
    this.#profile = profile
    socket.on('message', (data: Buffer) => {
      const answer = JSON.parse(data.toString()) as Answer
      if (answer.id === undefined) return
      this.#waiting.get(answer.id)?.(answer)
      this.#waiting.delete(answer.id)
    })
  }

  static async start(command = 'chromium'): Promise<Chromium> {
    const profile = mkdtempSync(join(tmpdir(), 'stele-chromium-'))
    const flags = [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--remote-debugging-port=0',
    ]
    const [program, args] = bare(command, ...flags, `--user-data-dir=${profile}`, 'about:blank')
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    for await (const line of createInterface({ input: child.stderr })) {
      const url = /DevTools listening on (ws:\S+)/.exec(line)?.[1]
      if (url === undefined) continue
      child.stderr?.resume()
      const socket = new WebSocket(url, { maxPayload: 2 ** 28 })
      await once(socket, 'open')
      return new Chromium(child, socket, profile)
    }
    throw new Error('chromium ended before it said where it listens')
  }

  async open(url: string): Promise<Tab> {
    const { targetId } = await this.ask('Target.createTarget', { url })
    const { sessionId } = await this.ask('Target.attachToTarget', { targetId, flatten: true })
    const tab = new Tab(this, sessionId)
    await tab.ask('Page.enable')
    return tab
  }

  async ask(method: string, params: object = {}, sessionId?: string): Promise<Record<string, any>> {
    const id = ++this.#ids
    const { promise, resolve } = Promise.withResolvers<Answer>()
    this.#waiting.set(id, resolve)
    this.#socket.send(JSON.stringify({ id, method, params, ...(sessionId !== undefined && { sessionId }) }))
    const { result = {}, error } = await promise
    if (error) throw new Error(`${method}: ${error.message}`)
    return result
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit')
    await this.ask('Browser.close').catch(() => this.#child.kill('SIGKILL'))
    await ended
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

export class Tab {
  readonly #browser: Chromium
  readonly #sessionId: string

  constructor(browser: Chromium, sessionId: string) {
    this.#browser = browser
    this.#sessionId = sessionId
  }

  ask(method: string, params: object = {}): Promise<Record<string, any>> {
    return this.#browser.ask(method, params, this.#sessionId)
  }

  /** The value of an expression in the page, awaited. Throws what it throws there. */
  async evaluate(expression: string): Promise<any> {
    const { result, exceptionDetails } = await this.ask('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
    return result.value
  }

  /** Loads the page anew, in the middle of whatever it does. */
  async reload(): Promise<void> {
    await this.ask('Page.reload')
  }

  /** Waits until the expression, in the page as it is by then, is true. */
  async until(expression: string): Promise<void> {
    for (;;) {
      const isSo = await this.evaluate(expression).catch(() => false)
      if (isSo) return
      await new Promise<void>((resolve) => setTimeout(resolve, 20))
    }
  }
}
