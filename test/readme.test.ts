import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { cached, missing } from './interop/cache.ts'
import { bare, bareNode } from './support/bare-node.ts'
import { freePort, isHere } from './support/this-machine.ts'

const root = join(import.meta.dirname, '..')
const main = join(root, 'dist/broker/cli/main.js')
const notBuilt = existsSync(main) ? false : 'dist/ holds no command: make build'
const run = promisify(execFile)

interface Block {
  language: string
  text: string
  /** What the text block right after it says this prints. */
  prints: string | undefined
}

function blocksOf(markdown: string): Block[] {
  const fenced = [...markdown.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
  return fenced.flatMap((match, index) => {
    const [whole, language = '', text = ''] = match
    const next = fenced[index + 1]
    const follows = next?.[1] === 'text' && markdown.slice(match.index + whole.length, next.index).trim() === ''
    return language === 'text' ? [] : [{ language, text, prints: follows ? next[2] : undefined }]
  })
}

/** The broker of `make run`, but for ports and folder, so that others may run beside it; it is as it was built. */
async function started(t: Test): Promise<{ kafka: string; http: string }> {
  const data = mkdtempSync(join(tmpdir(), 'stele-readme-'))
  const kafka = `127.0.0.1:${await freePort()}`
  const http = `127.0.0.1:${await freePort()}`
  const flags = `--listen ${kafka} --http ${http} --data ${data}`
  const { MAKEFLAGS: _, ...env } = process.env
  const broker = spawn(...bare('make', '--no-print-directory', '--old-file=dist/.built', 'run', `ARGS=${flags}`), {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  t.teardown(async () => {
    // As Ctrl-C does: to make and to what it runs.
    if (broker.exitCode === null && broker.signalCode === null) {
      process.kill(-(broker.pid as number), 'SIGINT')
      await once(broker, 'close')
    }
    rmSync(data, { recursive: true, force: true })
  })
  let said = ''
  for await (const chunk of broker.stdout) {
    said += String(chunk)
    if (said.includes(kafka)) break
  }
  broker.stdout.resume()
  return { kafka, http }
}

/** A script that imports `stele` must lie inside the package to find it by its own name. */
function asScript(t: Test, text: string, extension: string): string {
  const folder = join(root, '.cache')
  mkdirSync(folder, { recursive: true })
  const path = join(mkdtempSync(join(folder, 'readme-')), `example.m${extension}`)
  t.teardown(() => rmSync(join(path, '..'), { recursive: true, force: true }))
  writeFileSync(path, text)
  return path
}

const readme = readFileSync(join(root, 'README.md'), 'utf8')
const blocks = blocksOf(readme)

t.test('every act that the README names is one that make knows', async (t) => {
  const makefile = readFileSync(join(root, 'Makefile'), 'utf8')
  const acts = new Set([...readme.matchAll(/(?:^|`)make ([a-z-]+)/gm)].map(([, act = '']) => act))
  t.ok(acts.has('run') && acts.has('test') && acts.size >= 6, [...acts].join())
  for (const act of acts) t.match(makefile, new RegExp(`^${act}:`, 'm'), act)
})

t.test('every command and flag that the README names is one that stele knows', { skip: notBuilt }, async (t) => {
  const inText = readme.replaceAll(/^```[\s\S]*?^```$/gm, '')
  const named = [...inText.matchAll(/^\| `stele ([a-z]+)` \| (.*) \|$/gm)]
  t.ok(named.length >= 8, `${named.length} commands`)
  for (const [, command = '', does = ''] of named) {
    const { stdout } = await run(...bareNode(main, command, '--help'))
    const words = [...does.matchAll(/`(--[a-z-]+|[a-z]+)\b/g)].map(([, word = '']) => word)
    for (const word of words.filter((word) => word !== 'off')) t.match(stdout, word, `stele ${command}: ${word}`)
  }
})

/** The command as the alias of the README has it. */
const prelude = `stele() { ${process.execPath} ${main} "$@"; }\n`
/** The first line of the example for vitest, which jest does without. */
const ofVitest = /^import .* from 'vitest'\n/

t.test('the README works as written', { skip: notBuilt }, async (t) => {
  const { kafka, http } = await started(t)
  for (const { language, text, prints } of blocks) {
    if (text.startsWith('make ') || ofVitest.test(text)) continue
    const missing = ['kcat', 'jq', 'curl'].filter((program) => text.includes(`${program} `) && !isHere(program))
    const skip = missing.length > 0 ? `${missing.join(', ')}: not on this machine` : false
    t.test(text.trim().split('\n')[0] ?? '', { skip }, async (t) => {
      const here = text.replaceAll('127.0.0.1:9092', kafka).replaceAll('127.0.0.1:9644', http)
      const command = language === 'sh' ? bare('bash', '-euo', 'pipefail', '-c', prelude + here) : bareNode(asScript(t, here, language))
      const { stdout } = await run(...command, { cwd: root, timeout: 30_000, env: { ...process.env, STELE_BOOTSTRAP: kafka } })
      if (prints === undefined) t.pass('it ends well')
      else t.equal(stdout, prints)
    })
  }
})

t.test('the TypeScript of the README has types that hold', { skip: notBuilt }, async (t) => {
  const options = [
    '--noEmit',
    '--ignoreConfig',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'esnext',
    '--types',
    'node',
    '--skipLibCheck',
  ]
  for (const { text } of blocks.filter(({ language }) => language === 'ts')) {
    const tsc = join(root, 'node_modules/.bin/tsc')
    await t.resolves(run(...bare(tsc, ...options, asScript(t, text, 'ts')), { cwd: root }))
  }
})

t.test('the example for vitest runs in vitest, and in jest without its first line', { skip: notBuilt || missing('runners') }, async (t) => {
  const project = mkdtempSync(join(tmpdir(), 'stele-runners-'))
  t.teardown(() => rmSync(project, { recursive: true, force: true }))
  const modules = join(project, 'node_modules')
  mkdirSync(modules)
  const runners = cached('runners', 'node_modules')
  for (const name of readdirSync(runners)) symlinkSync(join(runners, name), join(modules, name))
  cpSync(join(root, 'dist'), join(modules, 'stele'), { recursive: true })
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }\n')
  const { text = '' } = blocks.find(({ text }) => ofVitest.test(text)) ?? {}
  writeFileSync(join(project, 'in-vitest.test.js'), text)
  writeFileSync(join(project, 'in-jest.test.js'), text.replace(ofVitest, ''))
  const options = { cwd: project, timeout: 60_000, env: { ...process.env, NO_COLOR: '1' } }
  const vitest = await run(...bareNode(join(runners, 'vitest/vitest.mjs'), 'run', 'in-vitest'), options)
  t.match(vitest.stdout, /Tests +1 passed \(1\)/)
  const jest = await run(...bareNode('--experimental-vm-modules', join(runners, 'jest/bin/jest.js'), 'in-jest'), options)
  t.match(jest.stderr, /Tests: +1 passed, 1 total/)
})
