/** What --help shows: how it reads; and every example in it, run in a shell as it is written, but for where brokers, data and folders are. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { startBroker } from '../../../broker/index.ts'
import { Stele } from '../../../client/index.ts'
import { bare } from '../../support/bare-node.ts'
import { noStele as skip, runStele, steleMain } from '../../support/stele-command.ts'
import { freePort, isHere } from '../../support/this-machine.ts'

const home = mkdtempSync(join(tmpdir(), 'stele-examples-'))
const data = join(home, 'data')
const broker = await startBroker({ dataDirectory: data, settings: { 'group.initial.rebalance.delay.ms': 0 } })
const client = new Stele({ bootstrap: broker.bootstrap })
const world = { cwd: home, bootstrap: broker.bootstrap }
t.teardown(async () => {
  await client.close()
  await broker.close()
  rmSync(home, { recursive: true, force: true })
})

/** What examples speak of is there. */
async function furnish(): Promise<void> {
  const lines = Array.from({ length: 100 }, (_, index) => ({ key: Buffer.from('k'), value: Buffer.from(`"${index}"`) }))
  await client.topics.create([{ name: 'greetings' }, { name: 'images' }])
  await client.producer().send('orders', lines)
  for (const group of ['billing', 'others']) await client.admin.groupOffsets.alter(group, [{ topic: 'orders', partition: 0, offset: 0 }])
  writeFileSync(join(home, 'cat.png'), Buffer.from([0x89, 0x50]))
  writeFileSync(join(home, 'orders.jsonl'), '{"key":"k","value":"v"}\n')
  writeFileSync(join(home, 'offsets.csv'), 'orders,0,3\n')
  writeFileSync(join(home, 'server.properties'), 'log.retention.hours=24\n')
  mkdirSync(join(home, '.zfunc'))
}

/** The help of all commands, by their names as help tells them. */
async function helps(): Promise<{ name: string; text: string }[]> {
  const { out } = await runStele(world, '', '--help')
  const names = [...out.matchAll(/^ {2}([a-z]+(?: [a-z]+)?) {2,}\S/gm)].map(([, name = '']) => name)
  const own = await Promise.all(names.map(async (name) => ({ name, text: (await runStele(world, '', ...name.split(' '), '--help')).out })))
  return [{ name: '', text: out }, ...own]
}

async function examplesOf(): Promise<{ name: string; example: string }[]> {
  return (await helps()).flatMap(({ name, text }) => {
    const [, examples = ''] = text.split('\nExamples:\n')
    return examples
      .split('\n')
      .filter(Boolean)
      .map((example) => ({ name, example: example.trim() }))
  })
}

async function here(name: string, example: string): Promise<string> {
  if (name === 'start') {
    const listen = `--listen 127.0.0.1:${await freePort()} --http off`
    return `${example.replace('/var/lib/stele', 'other')} ${listen}${example.includes('--data') ? '' : ' --data another'}`
  }
  if (name === 'bench')
    return `${example.replaceAll(/\b(kafka|stele|127\.0\.0\.1):9092/g, broker.bootstrap)} --seconds 1 --warm-up 0 --rounds 1 --records 2000`
  // What jq writes to a terminal it writes at once, elsewhere not.
  return example.replaceAll('data/orders-0', `${data}/orders-0`).replace('| jq', '| jq --unbuffered')
}

/** Those that go on until they are stopped are, once they have said something. */
async function shell(line: string, goesOn: boolean): Promise<{ code: number | null; err: string }> {
  const prelude = `stele() { ${process.execPath} ${steleMain} "$@"; }\n`
  const env = { ...process.env, STELE_BOOTSTRAP: broker.bootstrap, HOME: home }
  const child = spawn(...bare('bash', '-euo', 'pipefail', '-c', prelude + line), { cwd: home, env, detached: true })
  let err = ''
  child.stderr.on('data', (bytes: Buffer) => (err += bytes.toString()))
  const ended = once(child, 'close')
  if (goesOn) {
    await once(child.stdout, 'data')
    process.kill(-(child.pid as number), 'SIGINT')
  }
  child.stdout.resume()
  const [code] = await ended
  return { code: code as number | null, err }
}

t.test('help fits a terminal of 80 columns, and ends its last line', { skip }, async (t) => {
  const all = await helps()
  t.ok(all.length > 12, `${all.length} commands`)
  for (const { name, text } of all) {
    t.same(
      text.split('\n').filter((line) => line.length > 80),
      [],
      name,
    )
    t.match(text, /[^\n]\n$/, name)
  }
})

t.test('every example of --help does what it says', { skip, timeout: 120_000 }, async (t) => {
  await furnish()
  const examples = await examplesOf()
  const commands = new Set(examples.map(({ name }) => name))
  for (const name of ['start', 'topics create', 'topics alter', 'produce', 'consume', 'groups reset', 'dump', 'bench', 'completion']) {
    t.ok(commands.has(name), `${name} has examples`)
  }
  for (const { name, example } of examples) {
    const missing = example.includes('| jq') && !isHere('jq') ? 'jq is not on this machine' : false
    await t.test(example, { skip: missing }, async (t) => {
      if (name === 'topics create') await client.topics.delete(['orders'])
      const goesOn = name === 'start' || example.includes('--follow')
      const { code, err } = await shell(await here(name, example), goesOn)
      t.ok(code === 0 || (goesOn && code === 130), `it ends well: ${code} ${err}`)
      if (name === 'topics create')
        await client.producer().send(
          'orders',
          Array.from({ length: 100 }, () => ({ value: Buffer.from('"v"') })),
        )
    })
  }
})
