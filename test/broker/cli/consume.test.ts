/** `stele consume` beyond the plain case: templates, places, keys, bounds, and reading as a member of a group. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { recordWriter } from '../../../broker/cli/record-writer.ts'
import { readTemplate } from '../../../broker/cli/template.ts'
import { startBroker } from '../../../broker/index.ts'
import { Stele } from '../../../client/index.ts'
import { beginStele, noStele as skip, runStele } from '../../support/stele-command.ts'

const home = mkdtempSync(join(tmpdir(), 'stele-consume-'))
const broker = await startBroker({ settings: { 'group.initial.rebalance.delay.ms': 0, 'group.consumer.assignment.interval.ms': 0 } })
const client = new Stele({ bootstrap: broker.bootstrap })
t.teardown(async () => {
  await client.close()
  await broker.close()
  rmSync(home, { recursive: true, force: true })
})

const world = { cwd: home, bootstrap: broker.bootstrap }
const consume = (...args: string[]) => runStele(world, '', 'consume', ...args)
const begin = Date.parse('2026-01-31T08:00:00Z')

/** One partition; records a second apart: a=0, b=1, a=2 … */
async function written(topic: string, count: number): Promise<void> {
  await client.topics.create([{ name: topic, partitions: 1 }])
  const records = Array.from({ length: count }, (_, index) => ({
    key: Buffer.from(index % 2 === 0 ? 'a' : 'b'),
    value: Buffer.from(String(index)),
    headers: [['nth', Buffer.from(String(index))]] as const,
    timestamp: begin + index * 1000,
  }))
  await client.producer().send(topic, records)
}

t.test('a template draws the line of a record', { skip }, async (t) => {
  await written('drawn', 2)
  const drawn = (template: string) => consume('drawn', '--template', template).then(({ out }) => out)
  t.equal(await drawn('{topic}-{partition}@{offset} {key}={value}'), 'drawn-0@0 a=0\ndrawn-0@1 b=1\n', 'a line feed stands behind it')
  t.equal(await drawn('{time}\\t{timestamp} {{{headers}}} {size}\\n'), [0, 1].map(timeLine).join(''))
  t.equal(await drawn('{value}\\0'), '0\x001\x00', 'but for \\0, as xargs wants it')
  t.match(await consume('drawn', '--template', '{worth}'), {
    code: 2,
    err: /^stele: --template must be text with fields among \{topic\}, .*, not '\{worth\}'\n/,
  })
  t.match(await consume('drawn', '-t', '{key}', '--format', 'json'), { code: 2, err: /^stele: --template draws lines of text/ })
  t.equal(
    (await consume('drawn', '--places', '--keys')).out,
    '0\t0\t2026-01-31T08:00:00.000Z\ta\t0\n0\t1\t2026-01-31T08:00:01.000Z\tb\t1\n',
  )
})

function timeLine(nth: number): string {
  return `2026-01-31T08:00:0${nth}.000Z\t${begin + nth * 1000} {nth:${nth}} 2\n`
}

t.test('on a terminal fields have colours, and what is in them cannot drive it', async (t) => {
  const record = {
    topic: 't',
    partition: 0,
    offset: 7,
    timestamp: -1,
    key: Buffer.from('k\u001b'),
    value: Buffer.from('\u001b[2J'),
    headers: [],
  }
  const layout = {
    format: 'text',
    places: true,
    headers: false,
    keys: true,
    keySeparator: ': ',
    base64: false,
    null: undefined,
    template: undefined,
  } as const
  t.equal(recordWriter(layout, { isTerminal: true, colours: false })([record]), '0\t7\t-\tk\\x1b: \\x1b[2J\n')
  t.equal(
    recordWriter({ ...layout, places: false }, { isTerminal: true, colours: true })([record]),
    '\u001b[36mk\\x1b\u001b[0m: \\x1b[2J\n',
  )
  t.equal(String(recordWriter({ ...layout, template: readTemplate('{offset}') }, { isTerminal: false, colours: true })([record])), '7\n')
})

t.test('a key is looked for, and reading ends where it is told to', { skip }, async (t) => {
  await written('bounded', 6)
  const values = async (...args: string[]) => (await consume('bounded', ...args)).out.trim().split('\n')
  t.same(await values('--key', 'b'), ['1', '3', '5'])
  t.same(await values('--key', 'b', '--count', '2', '--follow'), ['1', '3'])
  t.same(await values('--until', '2'), ['0', '1'])
  t.same(await values('--from', '2026-01-31T08:00:02Z', '--until', '2026-01-31T08:00:04Z'), ['2', '3'])
  t.same(await values('--from', '4', '--until', 'end'), ['4', '5'])
  t.same(await values('--from', '4', '--until', '90'), ['4', '5'], 'what is not there yet is not waited for')
  const { child, said, ended } = beginStele(world, 'consume', 'bounded', '--from', '5', '--until', '7', '--follow')
  while (!said.out.includes('5')) await once(child.stdout, 'data')
  await client.producer().send('bounded', [{ value: Buffer.from('six') }, { value: Buffer.from('seven') }])
  t.same(await ended, { code: 0, out: '5\nsix\n', err: '' }, 'unless it follows')
})

for (const protocol of ['classic', 'consumer']) {
  t.test(`a member of a ${protocol} group commits what it has written, and the next goes on there`, { skip }, async (t) => {
    const topic = `shared-${protocol}`
    await written(topic, 5)
    const member = (...args: string[]) => consume(topic, '--group', `readers-${protocol}`, '--protocol', protocol, ...args)
    const committed = async () => (await client.groups.describe(`readers-${protocol}`)).offsets.map((offset) => offset.committed)
    t.same(await member('--count', '2'), { code: 0, out: '0\n1\n', err: '' })
    t.same(await committed(), [2])
    t.same(await member('--key', 'a', '--count', '1'), { code: 0, out: '2\n', err: '' })
    t.same(await committed(), [3], 'what was passed over is done')
    t.same(await member(), { code: 0, out: '3\n4\n', err: '' })
    t.same(await member(), { code: 0, out: '', err: '' }, 'where nothing is left it ends')

    const { child, said, ended } = beginStele(world, 'consume', topic, '-g', `readers-${protocol}`, '--protocol', protocol, '--follow')
    await client.producer().send(topic, { value: Buffer.from('new') })
    while (!said.out.includes('new')) await once(child.stdout, 'data')
    child.kill('SIGINT')
    t.same(await ended, { code: 0, out: 'new\n', err: '' })
    t.same(await committed(), [6], 'also when it is interrupted')
  })
}

t.test('in a group, what a transaction left open or aborted is passed over with --read-committed', { skip }, async (t) => {
  await client.topics.create([{ name: 'settled', partitions: 1 }])
  await using producer = client.transactionalProducer({ transactionalId: 'settling' })
  for (const outcome of ['abort', 'commit'] as const) {
    const transaction = await producer.begin()
    await transaction.send('settled', { value: Buffer.from(outcome) })
    await transaction[outcome]()
  }
  t.same(await consume('settled', '-g', 'settled', '--read-committed'), { code: 0, out: 'commit\n', err: '' })
  t.equal((await client.groups.describe('settled')).offsets[0]?.committed, 4, 'markers too are behind it')
  t.equal((await consume('settled', '-g', 'unsettled')).out, 'abort\ncommit\n')
})

t.test('what cannot be together is told before anything is asked', { skip }, async (t) => {
  t.match(await consume('x', '-g', 'g', '-p', '0'), { code: 2, err: /^stele: --group and --partition cannot both be/ })
  t.match(await consume('x', '-g', 'g', '--until', '3'), { code: 2, err: /^stele: --group and --until cannot both be/ })
  t.match(await consume('nowhere', '-g', 'g'), { code: 1, err: /^stele: .*nowhere/ })
})

t.test('reading begins so many before the end, of each partition', { skip }, async (t) => {
  await written('last', 5)
  t.equal((await consume('last', '--from', '-2')).out, '3\n4\n')
  t.equal((await consume('last', '--from', '-9', '--until', '-3')).out, '0\n1\n', 'and not before the beginning')
  t.match(await consume('last', '--from', '-2', '-g', 'g'), { code: 2, err: /^stele: --group and so many before the end cannot both be/ })
})

t.test('a reader that has seen enough ends it quietly, and its member leaves the group', { skip }, async (t) => {
  await written('glanced', 5)
  const { child, ended } = beginStele(world, 'consume', 'glanced', '--group', 'glancing', '--follow')
  await once(child.stdout, 'data')
  t.equal((await client.groups.describe('glancing')).members.length, 1)
  child.stdout.destroy()
  for (let nth = 0; child.exitCode === null; nth++) {
    await client.producer().send('glanced', { value: Buffer.from(String(nth)) })
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 20))])
  }
  t.match(await ended, { code: 0, err: '' })
  t.same((await client.groups.describe('glancing')).members, [])
})
