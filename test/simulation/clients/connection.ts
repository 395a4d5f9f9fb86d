/**
 * A simulated client's connection: the real wire over the simulated network.
 * Owns: correlation ids, the order of answers (which it checks), and timeouts. Never: retries.
 */
import { decode } from '../../../client/protocol/compile.ts'
import { FrameCutter } from '../../../client/protocol/frame.ts'
import { decodeResponseHeader, encodeRequest } from '../../../client/protocol/header.ts'
import type { Input, Message, Of } from '../../../client/protocol/schema.ts'
import type { Connection } from '../../../broker/platform/network.ts'
import type { SimulatedNetwork } from '../platform/network.ts'
import type { SimulatedProcess } from '../platform/process.ts'
import type { SeededRandom } from '../platform/random.ts'
import { Violation } from '../violation.ts'

/** The connection broke, or an answer took too long: what became of the request is not known. */
export class ConnectionLost extends Error {
  constructor(why: string) {
    super(why)
    this.name = 'ConnectionLost'
  }
}

interface Waiting {
  correlationId: number
  response: Message
  version: number
  resolve: (answer: never) => void
  reject: (error: ConnectionLost) => void
  timeout: { cancel(): void }
}

export interface ClientTraits {
  clientId: string
  requestTimeoutMillis: number
  /** That it stops reading for a while when something arrives. */
  dozeChance: number
}

export class ClientConnection {
  readonly #process: SimulatedProcess
  readonly #random: SeededRandom
  readonly #traits: ClientTraits
  readonly #cutter = new FrameCutter({ bytesMax: 0x7fffffff })
  readonly #waiting: Waiting[] = []
  readonly #transport: Connection
  #correlationId = 0
  #isRaw = false
  #lost: ConnectionLost | undefined
  /** The broker process at the other end, once open. */
  #peer: SimulatedProcess | undefined

  private constructor(
    network: SimulatedNetwork,
    process: SimulatedProcess,
    random: SeededRandom,
    traits: ClientTraits,
    port: number,
    opened: (error?: ConnectionLost) => void,
  ) {
    this.#process = process
    this.#random = random
    this.#traits = traits
    this.#transport = network.dial(process, port, {
      opened: () => {
        this.#peer = network.peerOf(this.#transport)
        opened()
      },
      bytes: (view) => this.#received(view),
      drained: () => {},
      closed: (error) => {
        this.#fail(error?.message ?? 'closed by the broker')
        opened(this.#lost)
      },
    })
  }

  static open(
    network: SimulatedNetwork,
    process: SimulatedProcess,
    random: SeededRandom,
    traits: ClientTraits,
    port: number,
  ): Promise<ClientConnection> {
    return new Promise((resolve, reject) => {
      const connection = new ClientConnection(network, process, random, traits, port, (error) => {
        if (error) reject(error)
        else resolve(connection)
      })
      process.deliver(process.now + traits.requestTimeoutMillis * 1000, 'dial timeout', () => {
        if (!connection.#peer) connection.close()
      })
    })
  }

  get isLost(): boolean {
    return this.#lost !== undefined
  }

  /** The life of the broker that answers here: a number that rises with every start. */
  get peer(): SimulatedProcess {
    return this.#peer as SimulatedProcess
  }

  get waiting(): number {
    return this.#waiting.length
  }

  request<Q extends Message, S extends Message>(request: Q, response: S, version: number, body: Input<Q>): Promise<Of<S>> {
    if (this.#lost) return Promise.reject(this.#lost)
    const correlationId = this.#send(request, version, body)
    return new Promise((resolve, reject) => {
      const timeout = this.#process.deliver(this.#process.now + this.#traits.requestTimeoutMillis * 1000, 'request timeout', () => {
        this.#fail(`${request.name} was not answered in ${this.#traits.requestTimeoutMillis} ms`)
        this.#transport.destroy()
      })
      this.#waiting.push({ correlationId, response, version, resolve, reject, timeout })
    })
  }

  /** A request that gets no answer (Produce with acks=0). */
  tell<Q extends Message>(request: Q, version: number, body: Input<Q>): void {
    if (!this.#lost) this.#send(request, version, body)
  }

  #send<Q extends Message>(request: Q, version: number, body: Input<Q>): number {
    const correlationId = this.#correlationId++
    this.#process.scheduler.trace.line(() => `${this.#process.name} > ${request.name} v${version} ${inShort(body)}`)
    this.#transport.write(encodeRequest(request, version, { correlationId, clientId: this.#traits.clientId }, body))
    return correlationId
  }

  /** Bytes as they are; what is answered is not looked at. */
  raw(bytes: Buffer): void {
    this.#isRaw = true
    if (!this.#lost) this.#transport.write([bytes])
  }

  close(): void {
    this.#fail('closed by this client')
    this.#transport.destroy()
  }

  end(): void {
    this.#transport.end()
  }

  #received(view: Buffer): void {
    this.#cutter.push(view, (frame) => this.#answered(Buffer.from(frame)))
    if (this.#random.chance(this.#traits.dozeChance)) {
      this.#transport.pause()
      this.#process.deliver(this.#process.now + this.#random.magnitude(1_000, 800_000), 'doze', () => this.#transport.resume())
    }
  }

  #answered(frame: Buffer): void {
    const waiting = this.#waiting.shift()
    if (!waiting) {
      if (this.#lost || this.#isRaw) return
      throw new Violation(5, `an answer came that ${this.#process.name} had not asked for`)
    }
    waiting.timeout.cancel()
    const { correlationId, size } = decodeResponseHeader(frame, waiting.response.key, waiting.version)
    if (correlationId !== waiting.correlationId)
      throw new Violation(5, `answers came out of order: ${correlationId} before ${waiting.correlationId}`)
    const answer = decode(waiting.response, waiting.version, frame, size)
    this.#process.scheduler.trace.line(() => `${this.#process.name} < ${waiting.response.name} ${inShort(answer)}`)
    waiting.resolve(answer as never)
  }

  #fail(why: string): void {
    this.#lost ??= new ConnectionLost(why)
    for (const { reject, timeout } of this.#waiting.splice(0)) {
      timeout.cancel()
      reject(this.#lost)
    }
  }
}

/** For the trace: what matters of a message. */
function inShort(message: object): string {
  const text = JSON.stringify(message, function (this: Record<string, unknown>, key, value: unknown) {
    const held = this[key]
    if (Buffer.isBuffer(held)) return `${held.length} bytes`
    return key === 'throttleTimeMs' || value === null ? undefined : value
  })
  return text.length > 400 ? `${text.slice(0, 400)}…` : text
}
