/**
 * `make bench`: a broker of its own, as it is built, under a short load of every kind. Words after it go to `stele bench`.
 * Owns: the broker and its data, in the system's temporary folder; both are gone at the end, however that comes.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const stele = join(import.meta.dirname, '../dist/broker/cli/main.js')
const short = ['produce', 'fetch', 'latency', 'fan-out', 'websocket', 'groups', 'transactions', '--seconds', '2', '--members', '50']
const given = process.argv.slice(2)

interface Listening {
  readonly broker: ChildProcess
  readonly kafka: string
  readonly http: string
}

function start(data: string): Promise<Listening> {
  const settings = ['--listen', '127.0.0.1:0', '--http', '127.0.0.1:0', '--data', data]
  const broker = spawn(process.execPath, [stele, 'start', ...settings], { stdio: ['ignore', 'pipe', 'pipe'] })
  return new Promise((resolve, reject) => {
    let said = ''
    const hear = (bytes: Buffer) => {
      said += bytes.toString()
      const [, kafka] = /listening on (\S+:\d+)/.exec(said) ?? []
      const [, http] = /at http:\/\/(\S+:\d+)/.exec(said) ?? []
      if (kafka !== undefined && http !== undefined) resolve({ broker, kafka, http })
    }
    broker.stdout.on('data', hear)
    broker.stderr.on('data', hear)
    broker.once('exit', (code) => reject(new Error(`the broker ended with ${code}:\n${said}`)))
  })
}

const data = mkdtempSync(join(tmpdir(), 'stele-bench-'))
// Ctrl-C is for the bench, which then tells what it has.
process.on('SIGINT', () => undefined)
try {
  const { broker, kafka, http } = await start(data)
  const target = ['--target', kafka, '--http', http, '--pid', String(broker.pid)]
  const bench = spawn(process.execPath, [stele, 'bench', ...(given.length > 0 ? given : short), ...target], { stdio: 'inherit' })
  const [code] = (await once(bench, 'exit')) as [number | null]
  process.exitCode = code ?? 1
  if (broker.exitCode === null) {
    broker.kill()
    await once(broker, 'exit')
  }
} finally {
  rmSync(data, { recursive: true, force: true })
}
