/**
 * Deliberate bugs, kept as patches against the broker's sources: the simulator must find each. What it does not find it does not guard.
 * A patch opens with what the bug is and within how many seeds it is to be found. All must apply, always; which are run:
 * a few in `make test`, all with SIMULATE=bugs.
 */
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t from 'tap'

const here = import.meta.dirname
const runsAll = process.env['SIMULATE'] === 'bugs'
if (runsAll) t.setTimeout(1_800_000)
/** Found within a second or two. */
const quick = new Set(['duplicates-not-detected.patch', 'acknowledged-before-sync.patch'])

function rootOf(directory: string): string {
  return existsSync(join(directory, 'package-lock.json')) ? directory : rootOf(dirname(directory))
}

const root = rootOf(here)

function seedsOf(patch: string): number {
  const match = /^Found within (\d+) seeds\.$/m.exec(patch)
  if (!match) throw new Error('a patch says within how many seeds its bug is to be found')
  return Number(match[1])
}

/** The sources with the bug in them, in a folder of their own. */
function planted(path: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'stele-bug-'))
  for (const part of ['broker', 'client', 'package.json']) cpSync(join(root, part), join(directory, part), { recursive: true })
  cpSync(join(root, 'test/simulation'), join(directory, 'test/simulation'), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'))
  execFileSync('git', ['apply', '-C1', path], { cwd: directory, env: { ...process.env, GIT_CEILING_DIRECTORIES: dirname(directory) } })
  return directory
}

function simulate(directory: string, seeds: number): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['test/simulation/run.ts', String(seeds)], { cwd: directory, env: { ...process.env, SEED: '' } })
    let output = ''
    child.stdout.on('data', (text: Buffer) => (output += text.toString()))
    child.stderr.on('data', (text: Buffer) => (output += text.toString()))
    child.on('close', (code) => resolve({ code, output }))
  })
}

const patches = readdirSync(here)
  .filter((name) => name.endsWith('.patch'))
  .sort()

t.test('at least ten bugs are kept, and the patch of each applies to the sources as they are', async (t) => {
  t.ok(patches.length >= 10)
  for (const name of patches) {
    const path = join(here, name)
    seedsOf(readFileSync(path, 'utf8'))
    t.doesNotThrow(() => execFileSync('git', ['apply', '--check', '-C1', path], { cwd: root, stdio: 'pipe' }), name)
  }
})

for (const name of patches) {
  if (!runsAll && !quick.has(name)) continue
  const title = name.replace('.patch', '').replaceAll('-', ' ')
  t.test(`the simulator finds: ${title}`, { timeout: 600_000 }, async (t) => {
    const path = join(here, name)
    const directory = planted(path)
    t.teardown(() => rmSync(directory, { recursive: true, force: true }))
    const { code, output } = await simulate(directory, seedsOf(readFileSync(path, 'utf8')))
    t.equal(code, 1, output)
    t.match(output, /repeat it with: make sim SEED=\d+/)
    t.comment(output.trim().split('\n').slice(0, 2).join(' '))
  })
}
