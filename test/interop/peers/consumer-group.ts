/**
 * A consumer group as a test sees it: members in the processes of peers, the partitions that each holds, and every delivery, which members
 * note in files that outlive them.
 * Owns: the names of its members and their files. Never: starts or ends a process.
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import { until } from '../until.ts'
import type { LinePeer } from './peer.ts'

/** Who assigns: the client, all partitions anew or only what must move, or by KIP-848 the broker. */
export type Assignor = 'eager' | 'cooperative' | 'broker'

export interface GroupOptions {
  readonly group: string
  readonly topic: string
  readonly partitions: number
  readonly session: number
  /** Where the members' files go. */
  readonly home: string
}

export interface Member {
  readonly name: string
  readonly peer: LinePeer
}

export class ConsumerGroup {
  readonly #options: GroupOptions
  readonly #files: string[] = []

  constructor(options: GroupOptions) {
    this.#options = options
  }

  /** Returns at once; `instance` makes it a static member. */
  async join(peer: LinePeer, assignor: Assignor, instance?: string): Promise<Member> {
    const { group, topic, session, home } = this.#options
    const name = `${group}-${this.#files.length}`
    const file = path.join(home, `${name}.received`)
    this.#files.push(file)
    const fixed = instance === undefined ? {} : { instance }
    await peer.ask({ op: 'join', member: name, group, topic, assignor, session: String(session), file, ...fixed })
    return { name, peer }
  }

  async leave({ name, peer }: Member): Promise<void> {
    await peer.ask({ op: 'leave', member: name })
  }

  async state({ name, peer }: Member): Promise<{ assigned: number[]; rebalances: number }> {
    const { assigned = '', rebalances } = await peer.ask({ op: 'state', member: name })
    return { assigned: numbers(assigned).sort((one, other) => one - other), rebalances: Number(rebalances) }
  }

  /** Resolves when these members hold each partition once, and none of them is without; what each holds then, in their order. */
  async settled(when: string, members: readonly Member[], limitMillis = 60_000): Promise<number[][]> {
    const { group, partitions } = this.#options
    const holdings = () => inOrder(members, async (member) => (await this.state(member)).assigned)
    const isSettled = (held: number[][]) => {
      const all = held.flat()
      return all.length === partitions && new Set(all).size === partitions && held.every((one) => one.length > 0)
    }
    return until(`${members.length} members of ${group} to share ${partitions} partitions ${when}`, holdings, isSettled, limitMillis)
  }

  /** How often each record, `partition offset`, was delivered. */
  delivered(): Map<string, number> {
    const times = new Map<string, number>()
    for (const file of this.#files) {
      if (!fs.existsSync(file)) continue
      // A line that a killed member did not finish is a delivery that it did not note.
      const lines = fs.readFileSync(file, 'utf8').split('\n').slice(0, -1)
      for (const line of lines) times.set(line, (times.get(line) ?? 0) + 1)
    }
    return times
  }

  /** Resolves when all of the topic's records, so many in each partition, have been delivered; how many were more than once. */
  async deliveredAll(counts: readonly number[], limitMillis = 60_000): Promise<number> {
    const wanted = counts.reduce((sum, count) => sum + count, 0)
    const seen = async () => this.delivered().size
    await until(`${wanted} records to be delivered to ${this.#options.group}`, seen, (count) => count >= wanted, limitMillis)
    const times = this.delivered()
    for (const [partition, count] of counts.entries()) {
      for (let offset = 0; offset < count; offset++) {
        if (!times.has(`${partition} ${offset}`)) throw new Error(`${partition} ${offset} was never delivered to ${this.#options.group}`)
      }
    }
    if (times.size !== wanted) throw new Error(`${times.size} records were delivered to ${this.#options.group}, ${wanted} are there`)
    return [...times.values()].filter((count) => count > 1).length
  }
}

export function numbers(list: string): number[] {
  return list === '' ? [] : list.split(',').map(Number)
}

/** A peer answers one act at a time. */
async function inOrder<T, R>(some: readonly T[], act: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (const one of some) results.push(await act(one))
  return results
}
