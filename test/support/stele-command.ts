/** The command `stele` as it is built, run as a process of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { bareNode } from './bare-node.ts'

export const steleMain = join(import.meta.dirname, '../../dist/broker/cli/main.js')

/** Why there is none to run: what tap takes as `skip`. */
export const noStele = existsSync(steleMain) ? false : 'dist/ holds no command: make build'

export interface SteleWorld {
  readonly cwd: string
  /** Of the broker that it talks to. */
  readonly bootstrap: string
}

export function beginStele({ cwd, bootstrap }: SteleWorld, ...args: string[]) {
  const child = spawn(...bareNode(steleMain, ...args), { cwd, env: { ...process.env, STELE_BOOTSTRAP: bootstrap } })
  const said = { out: '', err: '' }
  child.stdout.on('data', (bytes: Buffer) => (said.out += bytes.toString()))
  child.stderr.on('data', (bytes: Buffer) => (said.err += bytes.toString()))
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...said }))
  return { child, said, ended }
}

/** With `input` on its standard input, until it has ended. */
export function runStele(world: SteleWorld, input: string | Buffer, ...args: string[]) {
  const { child, ended } = beginStele(world, ...args)
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  return ended
}
