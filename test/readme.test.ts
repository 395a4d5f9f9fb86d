import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
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

/** A broker such as `make run` starts, but for ports and folder, so that others may run beside it. */
async function started(t: Test): Promise<{ kafka: string; http: string }> {
  const data = mkdtempSync(join(tmpdir(), 'stele-readme-'))
  const kafka = `127.0.0.1:${await freePort()}`
  const http = `127.0.0.1:${await freePort()}`
  const broker = spawn(...bareNode(main, 'start', '--listen', kafka, '--http', http, '--data', data), {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(async () => {
    broker.kill('SIGTERM')
    if (broker.exitCode === null && broker.signalCode === null) await once(broker, 'exit')
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

const blocks = blocksOf(readFileSync(join(root, 'README.md'), 'utf8'))

t.test('every command of the README is one that make knows, or is run below', async (t) => {
  const made = blocks.filter(({ language, text }) => language === 'sh' && text.startsWith('make '))
  t.ok(made.length >= 2, 'make run and make test are there')
  for (const { text } of made) {
    const target = text.trim().split(' ')[1] ?? ''
    t.match(readFileSync(join(root, 'Makefile'), 'utf8'), new RegExp(`^${target}:`, 'm'), text.trim())
  }
})

/** The command as the alias of the README has it. */
const prelude = `stele() { ${process.execPath} ${main} "$@"; }\n`
/** Test runners that are not installed here: their examples are read by Node, and not run. */
const absent = /^import .* from 'vitest'$/m

t.test('the README works as written', { skip: notBuilt }, async (t) => {
  const { kafka, http } = await started(t)
  for (const { language, text, prints } of blocks) {
    if (text.startsWith('make ')) continue
    const missing = ['kcat', 'jq', 'curl'].filter((program) => text.includes(`${program} `) && !isHere(program))
    const skip = missing.length > 0 ? `${missing.join(', ')}: not on this machine` : false
    t.test(text.trim().split('\n')[0] ?? '', { skip }, async (t) => {
      const here = text.replaceAll('127.0.0.1:9092', kafka).replaceAll('127.0.0.1:9644', http)
      const command = language === 'sh' ? bare('bash', '-euo', 'pipefail', '-c', prelude + here) : bareNode(...scriptOf(t, language, here))
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

function scriptOf(t: Test, language: string, text: string): string[] {
  const path = asScript(t, text, language)
  return absent.test(text) ? ['--check', path] : [path]
}
