/** The first hundred seeds, each a world of its own. More of them: `make sim`. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'

const seeds = 100

t.test(`${seeds} simulated worlds keep every invariant`, { timeout: 110_000 }, async (t) => {
  const command = spawn(process.execPath, [join(import.meta.dirname, 'run.ts'), String(seeds)], { env: { ...process.env, SEED: '' } })
  let output = ''
  command.stdout.on('data', (text: Buffer) => (output += text.toString()))
  command.stderr.on('data', (text: Buffer) => (output += text.toString()))
  const code = await new Promise((resolve) => command.on('close', resolve))
  t.equal(code, 0, output)
  t.match(output, `${seeds} seeds passed`)
})
