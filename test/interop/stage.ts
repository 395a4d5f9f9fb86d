/**
 * What a test of groups plays on: a topic with real records that are sent part by part, a group that receives them, and processes of clients
 * that end with the test.
 * Owns: the topics' names and the records' files. Never: says what a group must do.
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import type { Test } from 'tap'
import { partitionOf } from '../../client/producer/partitioner.ts'
import { aptRecords } from '../support/apt-records.ts'
import { ConsumerGroup, numbers } from './peers/consumer-group.ts'
import type { LinePeer } from './peers/peer.ts'
import { Expectation, recordsFile } from './peers/reading.ts'
import { kafkajs, type LineEntry } from './peers/roster.ts'
import { startTarget, type Target, temporaryDirectory } from './target.ts'

/** A session that a test can wait the end of. */
const sessionMillis = 3000

const settings = {
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '1000',
  'group.consumer.min.session.timeout.ms': '1000',
  'group.consumer.session.timeout.ms': String(sessionMillis),
  'group.consumer.min.heartbeat.interval.ms': '500',
  'group.consumer.heartbeat.interval.ms': '700',
}

export interface Stage {
  readonly group: ConsumerGroup
  readonly topic: string
  /** The records' values, in the order of sending. */
  readonly values: readonly string[]
  /** How many records each partition has after the last part. */
  readonly counts: readonly number[]
  start(client: LineEntry, settings?: Record<string, string>): LinePeer
  /** Sends the next part. */
  send(): Promise<void>
  /** The offsets of the group. */
  committed(): Promise<number[]>
}

export interface Play {
  readonly partitions: number
  readonly records: number
  readonly parts: number
  readonly session?: number
}

export class Stages {
  readonly target: Target
  readonly home: string
  readonly #admin: LinePeer
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(target: Target) {
    this.target = target
    this.home = temporaryDirectory()
    this.#admin = kafkajs(target.bootstrap)
  }

  /** A broker with short sessions, until the test ends. */
  static async start(t: Test): Promise<Stages> {
    const stages = new Stages(await startTarget({ settings }))
    t.teardown(async () => {
      await stages.#admin.close()
      await stages.target.close()
      fs.rmSync(stages.home, { recursive: true, force: true })
    })
    return stages
  }

  async open(t: Test, name: string, { partitions, records: count, parts, session = sessionMillis }: Play): Promise<Stage> {
    const { home } = this
    const topic = `${name}-${process.pid}`
    const file = path.join(home, `${name}.records`)
    const records = aptRecords(count, { headers: false })
    const partSize = Math.ceil(records.length / parts)
    const counts = new Expectation(records, partitions, partitionOf).partitions.map((held) => held.length)
    await this.#inTurn(() => this.#admin.ask({ op: 'create', topic, partitions: String(partitions), 'retention.ms': '-1' }))
    let sent = 0
    return {
      group: this.group(topic, topic, partitions, session),
      topic,
      values: records.map(({ value }) => value.toString()),
      counts,
      start: (client, own) => {
        const peer = client.start(this.target.bootstrap, own)
        t.teardown(() => peer.kill())
        return peer
      },
      send: () =>
        this.#inTurn(async () => {
          fs.writeFileSync(file, recordsFile(records.slice(sent, sent + partSize)))
          sent += partSize
          await this.#admin.produce({ topic, codec: 'none', file })
        }),
      committed: async () => {
        const { offsets = '' } = await this.#inTurn(() =>
          this.#admin.ask({ op: 'committed', group: topic, topic, partitions: String(partitions) }),
        )
        return numbers(offsets)
      },
    }
  }

  /** Another group on a topic. */
  group(topic: string, group: string, partitions: number, session = sessionMillis): ConsumerGroup {
    return new ConsumerGroup({ group, topic, partitions, session, home: this.home })
  }

  /** The stages share one peer, which does one act at a time. */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(act)
    this.#turn = done.catch(() => {})
    return done
  }
}
