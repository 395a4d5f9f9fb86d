/** `stele groups` against a real broker: a group is listed, described, set back and forward, and deleted. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { startBroker } from '../../../broker/index.ts'
import { noStele as skip, runStele } from '../../support/stele-command.ts'
import { TestGroup } from '../api/bad-input/group.ts'
import { batch, type Topic, World } from '../api/bad-input/world.ts'

const home = mkdtempSync(join(tmpdir(), 'stele-groups-'))
const broker = await startBroker({ settings: { 'group.initial.rebalance.delay.ms': 0 } })
const world = await World.open(broker.port)
t.teardown(async () => {
  world.close()
  await broker.close()
  rmSync(home, { recursive: true, force: true })
})

const stele = (...args: string[]) => runStele({ cwd: home, bootstrap: broker.bootstrap }, '', 'groups', ...args)

/** A topic with three records, a second apart, of which the group has read one. */
async function readGroup(id: string): Promise<{ group: TestGroup; topic: Topic }> {
  const topic = await world.topic()
  const begin = Date.parse('2026-01-31T08:00:00Z')
  for (const seconds of [0, 1, 2]) {
    await world.produce(topic, batch({ records: [{ timestamp: begin + seconds * 1000, value: Buffer.from('x') }] }), { acks: -1 })
  }
  const group = await TestGroup.open(world, id)
  await (await group.member()).commit(topic, { offset: 1 })
  return { group, topic }
}

t.test('a group is listed, described and deleted, in tables and in JSON', { skip }, async (t) => {
  const { topic } = await readGroup('billing')
  t.equal((await stele('list')).out, 'GROUP\tTYPE\tSTATE\tPROTOCOL\nbilling\tclassic\tEmpty\t-\n')
  t.same(JSON.parse((await stele('list', '--json')).out), [{ groupId: 'billing', type: 'classic', state: 'Empty', protocolType: '' }])
  t.equal(
    (await stele('describe', 'billing')).out,
    `billing  classic  Empty  coordinator 1\nTOPIC\tPARTITION\tCOMMITTED\tEND\tLAG\tMEMBER\n${topic.name}\t0\t1\t3\t2\t-\n`,
  )
  t.same(await stele('delete', 'billing'), { code: 0, out: 'billing deleted\n', err: '' })
  t.equal((await stele('list', '--json')).out, '[]\n')
  t.match(await stele('describe', 'billing'), { code: 1, err: /^stele: group 'billing': / })
  t.match(await stele('delete', 'billing'), { code: 1, err: /^stele: cannot delete group 'billing': / })
})

t.test('what members have is told, with who they are', { skip }, async (t) => {
  const { group, topic } = await readGroup('members')
  const member = await group.leader({ topics: [topic.name] })
  const [described] = JSON.parse((await stele('describe', 'members', '--json')).out)
  t.match(described, {
    groupId: 'members',
    type: 'classic',
    state: 'Stable',
    assignor: 'range',
    offsets: [{ topic: topic.name, partition: 0, committed: 1, end: 3, memberId: member.memberId }],
    members: [{ memberId: member.memberId, instanceId: null, clientId: 'raw', host: '127.0.0.1' }],
  })
  t.match(await stele('delete', 'members'), { code: 1, err: /^stele: cannot delete group 'members': / })
  t.match(await stele('reset', 'members', '--all-topics', '--to', 'beginning', '--execute'), {
    code: 1,
    err: /^stele: cannot reset group 'members': /,
  })
  t.match(await stele('reset', 'members', '--all-topics', '--to', 'beginning'), { code: 0 }, 'what would be done is shown all the same')
  await member.leave()
})

t.test(
  'a group is set to the beginning, the end, an offset, a time, or what a file says: shown first, done when asked',
  { skip },
  async (t) => {
    const { group, topic } = await readGroup('reset')
    const row = (committed: number | string, to: number) => `TOPIC\tPARTITION\tCOMMITTED\tNEW\n${topic.name}\t0\t${committed}\t${to}\n`
    const here = ['reset', '--topic', topic.name, '--to']
    t.same(await stele('reset', ...here, 'end'), { code: 0, out: row(1, 3), err: '' })
    t.equal(await group.fetch(topic), 'NONE 1', 'nothing was changed')
    for (const [to, offset] of [
      ['beginning', 0],
      ['end', 3],
      ['2', 2],
      ['99', 3],
      ['2026-01-31T08:00:01Z', 1],
      ['1h', 3],
    ] as const) {
      t.match(JSON.parse((await stele('reset', ...here, to, '--execute', '--json')).out), { executed: true, offsets: [{ offset }] }, to)
      t.equal(await group.fetch(topic), `NONE ${offset}`, to)
    }
    writeFileSync(join(home, 'offsets.csv'), `"${topic.name}",0,2\n`)
    t.equal((await stele('reset', 'reset', '--from-file', 'offsets.csv', '--execute')).out, row(3, 2))
    t.equal(await group.fetch(topic), 'NONE 2')
    t.equal((await stele('reset', 'reset', '--all-topics', '--to', 'beginning')).out, row(2, 0))
    t.equal(
      (await stele('reset', 'unheard-of', '--topic', `${topic.name}:0`, '--to', 'end')).out,
      row('-', 3),
      'a group that is yet to come',
    )
  },
)

t.test('what is not clear, or cannot be, is a sentence', { skip }, async (t) => {
  const wrong = async (code: number, err: RegExp, ...args: string[]) => t.match(await stele(...args), { code, err }, args.join(' '))
  writeFileSync(join(home, 'bad.csv'), 'orders;0;2\n')
  await wrong(2, /^stele: say where the group is to go on/, 'reset', 'g', '--all-topics')
  await wrong(2, /^stele: say where the group is to go on/, 'reset', 'g', '--to', 'end', '--from-file', 'offsets.csv')
  await wrong(2, /^stele: say which topics/, 'reset', 'g', '--to', 'end')
  await wrong(2, /^stele: say which topics/, 'reset', 'g', '--to', 'end', '--all-topics', '--topic', 'x')
  await wrong(2, /^stele: a file says itself/, 'reset', 'g', '--from-file', 'offsets.csv', '--topic', 'x')
  await wrong(2, /^stele: --topic must be TOPIC or TOPIC:N,N and is 'x:y'/, 'reset', 'g', '--to', 'end', '--topic', 'x:y')
  await wrong(2, /^stele: --to must be beginning, end, /, 'reset', 'g', '--to', 'soon', '--all-topics')
  await wrong(1, /^stele: bad\.csv:1: not topic,partition,offset/, 'reset', 'g', '--from-file', 'bad.csv')
  await wrong(1, /^stele: cannot read none\.csv: /, 'reset', 'g', '--from-file', 'none.csv')
  await wrong(1, /^stele: topic 'nowhere': /, 'reset', 'g', '--to', 'end', '--topic', 'nowhere')
  t.match(await stele('reset', '--help'), { code: 0, out: /--execute .*\n/ })
})
