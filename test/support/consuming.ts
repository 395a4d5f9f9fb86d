/**
 * What tests of the client's consumer are played on, whichever broker it is: topics with records, consumers that read in the background and
 * can be waited for, and platforms that break.
 * Owns: names that no other test has. Never: sleeps.
 */
import type { Test } from 'tap'
import {
  ClientError,
  type Consumer,
  type ConsumerOptions,
  Stele,
  type SteleOptions,
  text,
  type TopicPartition,
} from '../../client/index.ts'
import type { ClientPlatform, Socket } from '../../client/platform/dial.ts'
import { nodeClientPlatform } from '../../client/platform/node.ts'

/** Sessions that a test can wait the end of, on Stele and on Apache Kafka. */
export const groupSettings: Readonly<Record<string, string>> = {
  'num.partitions': '4',
  'auto.create.topics.enable': 'false',
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '500',
  'group.consumer.min.session.timeout.ms': '1000',
  'group.consumer.session.timeout.ms': '3000',
  'group.consumer.min.heartbeat.interval.ms': '200',
  'group.consumer.heartbeat.interval.ms': '200',
  'group.consumer.assignment.interval.ms': '0',
  'group.consumer.regex.refresh.interval.ms': '10000',
}

const untilMillis = 30_000

let names = 0

export class ConsumingStage {
  readonly bootstrap: string
  readonly stele: Stele
  readonly #t: Test

  constructor(t: Test, bootstrap: string) {
    this.bootstrap = bootstrap
    this.stele = this.client(t)
    this.#t = t
  }

  /** Until the test ends. */
  client(t: Test, options: Partial<SteleOptions> = {}): Stele {
    const stele = new Stele({ bootstrap: this.bootstrap, ...options })
    t.teardown(() => stele.close())
    return stele
  }

  /** A name of its own. */
  name(prefix: string): string {
    return `${prefix}-${process.pid}-${++names}`
  }

  /** A new topic, with so many records: `0`, `1`, … dealt out over its partitions. */
  async topic({ partitions = 4, records = 0, prefix = 'topic' } = {}): Promise<string> {
    const topic = this.name(prefix)
    await this.stele.topics.create([{ name: topic, partitions }])
    if (records > 0) await this.send(topic, { partitions, records })
    return topic
  }

  async send(topic: string, { partitions = 4, records = 1, from = 0 } = {}): Promise<void> {
    const sent = Array.from({ length: records }, (_, nth) => ({
      value: Buffer.from(String(from + nth)),
      partition: (from + nth) % partitions,
      timestamp: 1_700_000_000_000 + from + nth,
    }))
    await this.stele.producer().send(topic, sent)
  }

  member(options: MemberOptions, stele: Stele = this.stele): Member {
    return new Member(this.#t, stele, options)
  }
}

export type MemberOptions = Partial<ConsumerOptions<Uint8Array | null, string | null>> & {
  /** The application does this with each value. */
  readonly work?: (value: string, member: Member) => void | Promise<void>
}

/** A consumer that reads until the test ends, and remembers what happened to it. */
export class Member {
  readonly consumer: Consumer<Uint8Array | null, string | null>
  readonly values: string[] = []
  /** `assigned 0 1`, `revoked 1`, `lost 0`: as they came. */
  readonly events: string[] = []
  error: Error | undefined
  isOver = false
  readonly over: Promise<void>
  #wake: () => void = () => {}

  constructor(t: Test, stele: Stele, { work = () => {}, ...options }: MemberOptions) {
    const told =
      (event: string, also?: (partitions: readonly TopicPartition[]) => void | Promise<void>) =>
      async (partitions: readonly TopicPartition[]) => {
        await also?.(partitions)
        this.events.push([event, ...partitions.map(({ partition }) => partition).sort((a, b) => a - b)].join(' '))
        this.#wake()
      }
    this.consumer = stele.consumer({
      from: 'beginning',
      heartbeatMs: 100,
      value: text,
      ...options,
      onAssigned: told('assigned', options.onAssigned),
      onRevoked: told('revoked', options.onRevoked),
      onLost: told('lost', options.onLost),
    })
    t.teardown(() => this.consumer.close().catch(() => undefined))
    this.over = this.#read(work)
  }

  async #read(work: (value: string, member: Member) => void | Promise<void>): Promise<void> {
    try {
      for await (const { value } of this.consumer) {
        this.values.push(value ?? '')
        this.#wake()
        await work(value ?? '', this)
      }
    } catch (error) {
      this.error = error as Error
    }
    this.isOver = true
    this.#wake()
  }

  get partitions(): number[] {
    return this.consumer
      .assignment()
      .map(({ partition }) => partition)
      .sort((a, b) => a - b)
  }

  /** Resolves once it is so, which is looked at whenever something happens to the member. Throws what ended it; at the limit, how far it is. */
  async until(isSo: (member: this) => boolean): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<never>()
    const limit = setTimeout(() => reject(new Error(`${this.events.join(', ')}; ${this.values.length} values`)), untilMillis).unref()
    await Promise.race([late, this.#untilSo(isSo)]).finally(() => clearTimeout(limit))
  }

  async #untilSo(isSo: (member: this) => boolean): Promise<void> {
    while (!isSo(this)) {
      if (this.isOver) throw this.error ?? new Error(`it ended: ${this.events.join(', ')}`)
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      await promise
    }
  }
}

/** Resolves once it is so of all of them together. */
export async function untilAll(members: readonly Member[], isSo: () => boolean): Promise<void> {
  await Promise.race(members.map((member) => member.until(isSo)))
}

export const sorted = (values: readonly string[]): string[] => [...values].sort((a, b) => Number(a) - Number(b))

export const upTo = (count: number): string[] => Array.from({ length: count }, (_, nth) => String(nth))

export async function rejectsWith(t: Test, promise: Promise<unknown>, code: string): Promise<ClientError> {
  const error = await promise.then(
    (value) => value,
    (reason: unknown) => reason,
  )
  t.equal(error instanceof ClientError ? error.code : error, code, String(error))
  return error as ClientError
}

/** The real world, whose connections can be cut. */
export function fragile(): ClientPlatform & { cut(): number } {
  const sockets = new Set<Socket>()
  return {
    ...nodeClientPlatform,
    async dial(host, port, handler, options) {
      const socket = await nodeClientPlatform.dial(
        host,
        port,
        {
          bytes: (view) => handler.bytes(view),
          closed: (error) => {
            sockets.delete(socket)
            handler.closed(error)
          },
        },
        options,
      )
      sockets.add(socket)
      return socket
    },
    cut() {
      const count = sockets.size
      for (const socket of sockets) socket.destroy()
      return count
    },
  }
}

/** The real world, but whatever a broker says is heard so much later. */
export function distant(millis: number): ClientPlatform {
  return {
    ...nodeClientPlatform,
    dial: (host, port, handler, options) => {
      const bytes = (view: Buffer) => {
        const kept = Buffer.from(view)
        setTimeout(() => handler.bytes(kept), millis)
      }
      return nodeClientPlatform.dial(host, port, { bytes, closed: (error) => handler.closed(error) }, options)
    },
  }
}

const joinGroupKey = 11

/** The real world, but where it asked to join a group, it hears whatever is said so much later. */
export function slowToJoin(millis: number): ClientPlatform {
  return {
    ...nodeClientPlatform,
    async dial(host, port, handler, options) {
      let isSlow = false
      const bytes = (view: Buffer) => {
        if (!isSlow) return handler.bytes(view)
        const kept = Buffer.from(view)
        setTimeout(() => handler.bytes(kept), millis)
      }
      const socket = await nodeClientPlatform.dial(host, port, { bytes, closed: (error) => handler.closed(error) }, options)
      const write: Socket['write'] = (chunks, taken) => {
        isSlow ||= Buffer.concat(chunks).readInt16BE(4) === joinGroupKey
        socket.write(chunks, taken)
      }
      return { write, destroy: () => socket.destroy() }
    },
  }
}
