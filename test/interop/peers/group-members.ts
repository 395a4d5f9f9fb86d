/**
 * The acts of members of groups, for the JavaScript clients: a member receives in the background, notes what it received in its file, and only
 * then lets its client commit.
 */
import * as fs from 'node:fs'
import type { Act } from './line-peer.ts'

export interface Membership {
  /** The partitions that it holds now. */
  assigned(): readonly number[]
  leave(): Promise<unknown>
}

export interface MemberEvents {
  rebalanced(): void
  received(partition: number, offsets: readonly (string | bigint)[]): void
  failed(error: unknown): void
}

export type Join = (request: Record<string, string>, on: MemberEvents) => Promise<Membership>

class Member {
  readonly #membership: Promise<Membership | undefined>
  readonly #file: number
  #joined: Membership | undefined
  #rebalances = 0
  #failure: Error | undefined

  constructor(request: Record<string, string>, join: Join) {
    this.#file = fs.openSync(request['file'] ?? '', 'a')
    const failed = (error: unknown) => {
      this.#failure = error instanceof Error ? error : new Error(String(error))
    }
    const received: MemberEvents['received'] = (partition, offsets) => {
      fs.writeSync(this.#file, offsets.map((offset) => `${partition} ${offset}\n`).join(''))
    }
    const rebalanced = () => {
      this.#rebalances++
    }
    this.#membership = join(request, { rebalanced, received, failed }).then(
      (joined) => {
        this.#joined = joined
        return joined
      },
      (error: unknown) => {
        failed(error)
        return undefined
      },
    )
  }

  state(): Record<string, string> {
    if (this.#failure !== undefined) throw this.#failure
    return { assigned: (this.#joined?.assigned() ?? []).join(','), rebalances: String(this.#rebalances) }
  }

  async leave(): Promise<void> {
    const membership = await this.#membership
    await membership?.leave()
    fs.closeSync(this.#file)
    if (this.#failure !== undefined) throw this.#failure
  }
}

export function memberActs(join: Join): Record<string, Act> {
  const members = new Map<string, Member>()
  const named = ({ member = '' }: Record<string, string>): Member => {
    const found = members.get(member)
    if (!found) throw new Error(`no such member: ${member}`)
    return found
  }
  return {
    join: async (request) => {
      members.set(request['member'] ?? '', new Member(request, join))
      return {}
    },
    state: async (request) => named(request).state(),
    leave: async (request) => {
      await named(request).leave()
      members.delete(request['member'] ?? '')
      return {}
    },
  }
}
