import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { Stele } from '../../../client/index.ts'
import { bareNode } from '../../support/bare-node.ts'

const main = join(import.meta.dirname, '../../../dist/broker/cli/main.js')
const skip = existsSync(main) ? false : 'dist/ holds no command: make build'
const home = mkdtempSync(join(tmpdir(), 'stele-start-'))
t.teardown(() => rmSync(home, { recursive: true, force: true }))

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

/** `stele start` in a folder of its own. */
class Started {
  readonly child: ChildProcess
  out = ''
  err = ''

  constructor(args: readonly string[], environment: Record<string, string> = {}) {
    this.child = spawn(...bareNode(main, 'start', ...args), { cwd: home, env: { ...process.env, ...environment } })
    this.child.stdout?.on('data', (bytes: Buffer) => (this.out += bytes.toString()))
    this.child.stderr?.on('data', (bytes: Buffer) => (this.err += bytes.toString()))
  }

  /** What `pattern` finds once it has been printed. */
  async says(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.out) ?? pattern.exec(this.err)
      if (found) return found[1] ?? found[0]
      if (this.child.exitCode !== null)
        throw new Error(`ended with ${this.child.exitCode} and never said ${pattern}: ${this.out}${this.err}`)
      const [stdout, stderr] = [this.child.stdout, this.child.stderr]
      if (stdout && stderr) await Promise.race([once(stdout, 'data'), once(stderr, 'data'), once(this.child, 'exit')])
    }
  }

  async ended(): Promise<Ended> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'close')
    return { code: this.child.exitCode, signal: this.child.signalCode, out: this.out, err: this.err }
  }

  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.child.kill(signal)
    return this.ended()
  }
}

const anywhere = ['--listen', '127.0.0.1:0', '--http', 'off']
const kafkaAddress = /listening on (\S+:\d+)/

t.test('a broker says where it is, keeps its data through a clean stop, and refuses a second one its directory', { skip }, async (t) => {
  const data = join(home, 'kept')
  const first = new Started(['--listen', '127.0.0.1:0', '--http', '127.0.0.1:0', '--data', data])
  const bootstrap = await first.says(kafkaAddress)
  const monitor = await first.says(/(http:\S+)/)
  t.match(first.out, `data in ${data}`)
  const client = new Stele({ bootstrap })
  await client.producer().send('orders', [{ value: Buffer.from('paid') }])
  await client.close()

  t.equal(await (await fetch(`${monitor}/readyz`)).text(), 'ok\n')
  t.match(await (await fetch(`${monitor}/metrics`)).text(), /stele_request_seconds_count\{api="Produce"\} 1/)

  const second = await new Started([...anywhere, '--data', data]).ended()
  t.equal(second.code, 1)
  t.match(second.err, `stele: the data directory cannot be used: ${data}`)
  const [host, port] = bootstrap.split(':')
  const third = await new Started(['--listen', `${host}:${port}`, '--http', 'off', '--data', join(home, 'other')]).ended()
  t.match(third, { code: 1, err: `stele: cannot listen on ${bootstrap}: another program listens there\n` })

  t.match(await first.stop(), { code: 0, signal: null, err: /^(?!.*"level":"(warn|error)")/s })
  const again = new Started([...anywhere, '--data', data])
  const stele = new Stele({ bootstrap: await again.says(kafkaAddress) })
  const values: string[] = []
  for await (const records of stele.reader().batches('orders', { from: 'beginning', untilEnd: true })) {
    values.push(...records.map(({ value }) => String(value)))
  }
  t.same(values, ['paid'])
  await stele.close()
  t.match(await again.stop('SIGINT'), { code: 0, signal: null })
})

t.test(
  'a Kafka server.properties starts it; environment and flags count before the file; what is not known is named once',
  { skip },
  async (t) => {
    const file = join(home, 'server.properties')
    const lines = [
      'process.roles=broker,controller',
      'node.id=7',
      'controller.quorum.voters=7@localhost:9093',
      'listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093',
      'advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093',
      'controller.listener.names=CONTROLLER',
      'inter.broker.listener.name=PLAINTEXT',
      'listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
      'num.network.threads=3',
      `log.dirs=${join(home, 'from-file')}`,
      'num.partitions=2',
      'no.such.setting=1',
    ]
    writeFileSync(file, lines.join('\n'))
    const broker = new Started([...anywhere, '--config', file, '--set', 'default.replication.factor=1', '--set', 'odd=1'], {
      STELE_NUM_PARTITIONS: '5',
      STELE_LOG_FORMAT: 'text',
    })
    const stele = new Stele({ bootstrap: await broker.says(kafkaAddress) })
    await stele.topics.create([{ name: 'orders' }])
    const [described] = await stele.topics.describe(['orders'])
    t.equal(described?.partitions.length, 5)
    t.equal(described?.partitions[0]?.leader, 7)
    await stele.close()
    const { code, err } = await broker.stop()
    t.equal(code, 0)
    t.ok(existsSync(join(home, 'from-file/meta.properties')))
    const warnings = err.split('\n').filter((line) => line.includes('not known'))
    t.equal(warnings.length, 1)
    t.match(warnings[0], `2 settings are not known and will have no effect: no.such.setting (${file}:12), odd (--set odd)`)
  },
)

t.test('what is wrong with settings is one sentence that names the setting, what is allowed and where it was set', { skip }, async (t) => {
  const wrong = async (args: string[], sentence: RegExp, environment: Record<string, string> = {}) => {
    const { code, out, err } = await new Started(args, environment).ended()
    t.match(err, sentence)
    t.equal(code, 2, err)
    t.equal(out, '')
  }
  await wrong(['--set', 'num.partitions=none'], /^stele: num\.partitions must be .*'none' \(set by --set num\.partitions\)\n$/)
  await wrong([], /^stele: log\.retention\.hours must be .*\(set by STELE_LOG_RETENTION_HOURS\)\n$/, { STELE_LOG_RETENTION_HOURS: 'long' })
  await wrong(['--listen', 'nowhere'], /^stele: --listen must be HOST:PORT, not 'nowhere'\n/)
  await wrong(['--http', 'yes'], /^stele: --http must be HOST:PORT or off, not 'yes'\n/)
  await wrong(
    ['--config', 'missing.properties'],
    /^stele: --config must be a file that can be read, not 'missing\.properties' \(ENOENT\)\n/,
  )
  await wrong(['--prot', '9092'], /^stele: there is no flag --prot/)
})

t.test('a signal is safe at any moment, during start-up too', { skip }, async (t) => {
  const data = join(home, 'early')
  // From before its first line runs to after it listens, wherever those fall on this machine.
  for (const delay of [30, 45, 60, 75, 90]) {
    const broker = new Started([...anywhere, '--data', data])
    await new Promise((resolve) => setTimeout(resolve, delay))
    const { code, signal, err } = await broker.stop()
    t.ok(code === 0 || signal === 'SIGTERM', `after ${delay} ms: ${code ?? signal} ${err}`)
  }
  const after = new Started([...anywhere, '--data', data])
  await after.says(kafkaAddress)
  t.equal((await after.stop()).code, 0)
})

t.test('an occupied HTTP port ends it with a sentence, after its data was left in order', { skip }, async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as { port: number }
  const data = join(home, 'no-http')
  const { code, err } = await new Started(['--listen', '127.0.0.1:0', '--http', `127.0.0.1:${port}`, '--data', data]).ended()
  taken.close()
  t.equal(code, 1)
  t.match(err, `stele: cannot listen on 127.0.0.1:${port}: another program listens there`)
  t.match(readFileSync(join(data, 'meta.properties'), 'utf8'), 'cluster.id')
  t.ok(existsSync(join(data, '.kafka_cleanshutdown')))
})
