import t from 'tap'
import { command, flag, operand } from '../../../broker/cli/command.ts'
import { CommandError, Exit } from '../../../broker/cli/exit.ts'
import { runProgram } from '../../../broker/cli/program.ts'
import type { Stream, Terminal } from '../../../broker/cli/terminal.ts'
import { ConfigError } from '../../../broker/config/config-error.ts'

class Collected implements Stream {
  text = ''
  readonly isTerminal = false
  readonly columns = 80
  async write(text: string | Uint8Array) {
    this.text += text.toString()
  }
}

class DiskTrouble extends Error {}

const create = command({
  name: 'topics create',
  about: 'Makes topics.',
  details: 'They are there when the command ends.',
  flags: {
    bootstrap: flag.text('HOST:PORT', 'The broker.', { short: 'b', otherwise: '127.0.0.1:9092' }),
    replicationFactor: flag.integer('N', 'Replicas.', { min: 1, max: 10 }),
    set: flag.pairs('NAME=VALUE', 'A setting of the topic.'),
    from: flag.choice(['beginning', 'end'], 'Where to begin.', { otherwise: 'end' }),
    header: flag.list('NAME:VALUE', 'A header.'),
    json: flag.toggle('For programs.'),
  },
  operands: { topics: operand.some('TOPIC', 'The name of a topic.') },
  examples: ['stele topics create orders'],
  async run({ bootstrap, replicationFactor, set, from, header, json, topics }, { out }) {
    const factor: number | undefined = replicationFactor
    const start: 'beginning' | 'end' = from
    await out.write(JSON.stringify({ bootstrap, factor, set: [...set], start, header, json, topics }))
    return Exit.ok
  },
})

const fails = (error: unknown) => command({ name: 'fails', about: 'Fails.', flags: {}, operands: {}, run: () => Promise.reject(error) })

const move = command({
  name: 'move',
  about: 'Moves.',
  flags: { to: flag.required('PLACE', 'Where to.') },
  operands: { what: operand.one('THING', 'The thing to move.'), where: operand.optional('FROM', 'Where it is.') },
  async run({ to, what, where }, { out }) {
    await out.write(`${what} ${where} ${to}`)
    return Exit.failed
  },
})

async function run(line: string, more = fails(new Error('not asked for'))) {
  const out = new Collected()
  const err = new Collected()
  const terminal: Terminal = { out, err, colours: false }
  const argv = line === '' ? [] : line.split(' ')
  const code = await runProgram(argv, { commands: [create, move, more], version: () => '1.2.3', worldly: [DiskTrouble] }, terminal)
  return { code, out: out.text, err: err.text }
}

t.test('flags and operands reach the command with their types', async (t) => {
  t.same(JSON.parse((await run('topics create a')).out), {
    bootstrap: '127.0.0.1:9092',
    set: [],
    start: 'end',
    header: [],
    json: false,
    topics: ['a'],
  })
  const all = await run(
    'topics create a -b h:1 --replication-factor 3 --set retention.ms=1=2 b --from=beginning --set x= --header k:v --header l:w --json',
  )
  t.equal(all.code, Exit.ok)
  t.same(JSON.parse(all.out), {
    bootstrap: 'h:1',
    factor: 3,
    set: [
      ['retention.ms', '1=2'],
      ['x', ''],
    ],
    start: 'beginning',
    header: ['k:v', 'l:w'],
    json: true,
    topics: ['a', 'b'],
  })
  t.same(JSON.parse((await run('topics create -b h:1 -b h:2 -- --odd')).out).topics, ['--odd'])
  t.equal(JSON.parse((await run('topics create a -b h:1 -b h:2')).out).bootstrap, 'h:2', 'the last one counts')
  t.same(await run('move a --to b'), { code: Exit.failed, out: 'a undefined b', err: '' })
  t.equal((await run('move a c --to -1')).out, 'a c -1', 'a negative number is a value')
})

t.test('what is wrong is told in one sentence, with where to read on, and exit code 2', async (t) => {
  const wrong = async (line: string, sentence: string, help = '') => {
    t.same(await run(line), { code: Exit.usage, out: '', err: `stele: ${sentence}\nTry: stele ${`${help} --help`.trim()}\n` })
  }
  await wrong('topic', 'there is no command topic; did you mean topics?')
  await wrong('xyz', 'there is no command xyz')
  await wrong('--port 1', 'the first word must be a command, not --port')
  await wrong('topics', 'topics must be followed by create', 'topics')
  await wrong('topics craete', 'there is no command topics craete; did you mean create?', 'topics')
  await wrong('topics create', 'TOPIC is missing: the name of a topic', 'topics create')
  await wrong(
    'topics create a --replication-facto 3',
    'there is no flag --replication-facto; did you mean --replication-factor?',
    'topics create',
  )
  await wrong('topics create a -x', 'there is no flag -x', 'topics create')
  await wrong('topics create a --replication-factor', '--replication-factor must be followed by N', 'topics create')
  await wrong('topics create a --bootstrap --json', '--bootstrap must be followed by HOST:PORT', 'topics create')
  await wrong(
    'topics create a --replication-factor 0',
    "--replication-factor must be a whole number of at least 1 and at most 10, not '0'",
    'topics create',
  )
  await wrong(
    'topics create a --replication-factor 1.5',
    "--replication-factor must be a whole number of at least 1 and at most 10, not '1.5'",
    'topics create',
  )
  await wrong('topics create a --set x', "--set must be name=value, not 'x'", 'topics create')
  await wrong('topics create a --from middle', "--from must be one of beginning, end, not 'middle'", 'topics create')
  await wrong('topics create a --json=yes', '--json takes no value', 'topics create')
  await wrong('move', '--to PLACE must be given', 'move')
  await wrong('move a b c --to d', "'c' is one argument too many", 'move')
  await wrong('help nothing', 'there is no command nothing')
  await wrong('\u001b[2Jx', 'there is no command \\x1b[2Jx')
})

t.test('help is told for all, for a family and for one, whatever else is on the line', async (t) => {
  const one = `Makes topics.

Usage: stele topics create TOPIC... [FLAGS]

  TOPIC  The name of a topic.

They are there when the command ends.

Flags:
  -b, --bootstrap HOST:PORT  The broker.
  --replication-factor N     Replicas.
  --set NAME=VALUE           A setting of the topic.
  --from beginning|end       Where to begin.
  --header NAME:VALUE        A header.
  --json                     For programs.
  -h, --help                 This text.

Examples:
  stele topics create orders
`
  for (const line of [
    'topics create --help',
    'topics create -h',
    'help topics create',
    'topics create a --bad --replication-factor x --help',
  ]) {
    t.same(await run(line), { code: Exit.ok, out: one, err: '' }, line)
  }
  const all = await run('')
  t.equal(all.code, Exit.ok)
  t.match(all.out, /^ {2}topics create {2}Makes topics\.$/m)
  t.equal((await run('--help')).out, all.out)
  t.equal((await run('help')).out, all.out)
  const family = await run('topics --help')
  t.match(family.out, /^Usage: stele topics COMMAND/m)
  t.notMatch(family.out, /move/)
  t.equal((await run('help topics')).out, family.out)
  t.match((await run('move --help')).out, /--to PLACE {2}Where to\. Required\./)
  t.same(await run('--version'), { code: Exit.ok, out: 'stele 1.2.3\n', err: '' })
})

t.test('errors of the world are one sentence and exit code 1, bad settings 2, our own mistakes show their stack', async (t) => {
  t.same(await run('fails', fails(new CommandError('no broker answers'))), {
    code: Exit.failed,
    out: '',
    err: 'stele: no broker answers\n',
  })
  t.same(await run('fails', fails(new DiskTrouble('disk is full'))), { code: Exit.failed, out: '', err: 'stele: disk is full\n' })
  t.same(await run('fails', fails(new ConfigError('a', 'b:1', 'a must be c'))), {
    code: Exit.usage,
    out: '',
    err: 'stele: a must be c (set by b:1)\n',
  })
  const mistake = await run('fails', fails(new TypeError('x is undefined')))
  t.equal(mistake.code, Exit.failed)
  t.match(mistake.err, /mistake in stele itself:\nTypeError: x is undefined\n +at /)
})
