import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { startBroker } from '../../../broker/index.ts'
import { beginStele, noStele, runStele, steleMain } from '../../support/stele-command.ts'

const skip = noStele
const home = mkdtempSync(join(tmpdir(), 'stele-commands-'))
const data = join(home, 'data')
const broker = await startBroker({ dataDirectory: data })
t.teardown(async () => {
  await broker.close()
  rmSync(home, { recursive: true, force: true })
})

const world = { cwd: home, bootstrap: broker.bootstrap }
const begin = (...args: string[]) => beginStele(world, ...args)
const stele = (input: string | Buffer, ...args: string[]) => runStele(world, input, ...args)

t.test('topics are created, listed, described, altered and deleted, in tables and in JSON', { skip }, async (t) => {
  t.same(await stele('', 'topics', 'create', 'orders', '--partitions', '2', '--config', 'retention.ms=86400000'), {
    code: 0,
    out: 'orders made: 2 partitions\n',
    err: '',
  })
  t.match(JSON.parse((await stele('', 'topics', 'create', 'bills', '--json')).out), {
    name: 'bills',
    partitions: [{ index: 0, leader: 1, isr: [1] }],
  })
  t.equal((await stele('', 'topics', 'list')).out, 'TOPIC\tPARTITIONS\tREPLICAS\nbills\t1\t1\norders\t2\t1\n')
  t.match(JSON.parse((await stele('', 'topics', 'list', '--json')).out), [{ name: 'bills' }, { name: 'orders', partitions: 2 }])
  t.match(
    (await stele('', 'topics', 'describe', 'orders')).out,
    /^orders {2}id \S{22}\n {2}retention\.ms=86400000\nPARTITION\tLEADER\tREPLICAS\tIN SYNC\n0\t1\t1\t1\n1\t1\t1\t1\n$/,
  )

  t.equal(
    (
      await stele(
        '',
        'topics',
        'alter',
        'orders',
        '--partitions',
        '3',
        '--config',
        'segment.bytes=2097152',
        '--delete-config',
        'retention.ms',
      )
    ).out,
    'orders altered\n',
  )
  const [described] = JSON.parse((await stele('', 'topics', 'describe', 'orders', '--json')).out)
  t.equal(described.partitions.length, 3)
  t.same(described.configs, { 'segment.bytes': '2097152' })
  t.equal((await stele('', 'topics', 'delete', 'orders', 'bills')).out, 'orders deleted\nbills deleted\n')
  t.equal((await stele('', 'topics', 'list', '--json')).out, '[]\n')
})

t.test('where partitions begin and end, where a moment is in them, and who the brokers are', { skip }, async (t) => {
  await stele('', 'topics', 'create', 'placed', '--partitions', '2')
  const lines = [1, 2, 3].map((nth) => `{"value":"${nth}","partition":0,"timestamp":"2026-01-0${nth}T00:00:00Z"}\n`).join('')
  await stele(lines, 'produce', 'placed', '--format', 'json')
  const offsets = (...args: string[]) => stele('', 'topics', 'offsets', 'placed', ...args)
  t.equal((await offsets()).out, 'TOPIC\tPARTITION\tBEGINNING\tEND\tOFFSETS\nplaced\t0\t0\t3\t3\nplaced\t1\t0\t0\t0\n')
  t.match((await offsets('--at', '2026-01-02T00:00:00Z')).out, /AT\nplaced\t0\t0\t3\t3\t1\nplaced\t1\t0\t0\t0\t-\n$/)
  t.match(JSON.parse((await offsets('--json')).out), [{ topic: 'placed', partition: 0, beginning: 0, end: 3, at: null }])
  t.match(await offsets('--at', 'end'), { code: 2, err: /^stele: --at must be how long ago or a moment/ })
  t.match(await stele('', 'topics', 'offsets', 'nowhere'), { code: 1, err: /^stele: topic 'nowhere'/ })
  const { out } = await stele('', 'brokers')
  t.match(out, new RegExp(`^cluster \\S{22}\\nBROKER\\tADDRESS\\tRACK\\tCONTROLLER\\n1\\t${world.bootstrap}\\t-\\tyes\\n$`))
  t.match(JSON.parse((await stele('', 'brokers', '--json')).out), { controllerId: 1, brokers: [{ id: 1 }] })
})

t.test('what the broker refuses is one sentence and exit code 1', { skip }, async (t) => {
  const refused = async (sentence: RegExp, ...args: string[]) => {
    const { code, out, err } = await stele('', ...args)
    t.match(err, sentence)
    t.equal(err.split('\n').length, 2, 'one line')
    t.same({ code, out }, { code: 1, out: '' })
  }
  await Promise.all([
    refused(/^stele: topic 'nowhere': /, 'topics', 'describe', 'nowhere'),
    refused(/^stele: cannot delete topic 'nowhere': /, 'topics', 'delete', 'nowhere'),
    refused(/^stele: cannot create topic 'a b': /, 'topics', 'create', 'a b'),
    refused(/^stele: cannot create topic 'x': .*retention\.ms/, 'topics', 'create', 'x', '--config', 'retention.ms=soon'),
    refused(/^stele: cannot create topic 'y': .*[Rr]eplication factor/, 'topics', 'create', 'y', '--replication-factor', '3'),
  ])
  await Promise.all([
    refused(/^stele: topic 'nowhere': .* \(stele topics list names those it has\)$/m, 'consume', 'nowhere'),
    refused(/^stele: group 'nobody': .* \(stele groups list names those it has\)$/m, 'groups', 'describe', 'nobody'),
    refused(
      /^stele: cannot connect to 127\.0\.0\.1:1: .* \(--bootstrap says where a broker is\)$/m,
      'topics',
      'list',
      '--bootstrap',
      '127.0.0.1:1',
    ),
  ])
})

t.test('what is produced as text is consumed as text, with keys and headers', { skip }, async (t) => {
  const lines = 'trace:1,flag:\tada:first\n\tgrace:second: and more\n'
  const produced = await stele(lines, 'produce', 'greetings', '--key-separator', ':', '--headers', '--compression', 'zstd')
  t.equal(produced.code, 0)
  t.match(produced.err, /^2 records \(\d+ B\) written to greetings in \d+ ms\n$/)
  t.equal((await stele('', 'consume', 'greetings', '--keys', '--key-separator', ':', '--headers')).out, lines)
  t.equal((await stele('', 'consume', 'greetings')).out, 'first\nsecond: and more\n')
  t.equal((await stele('', 'consume', 'greetings', '--count', '1')).out, 'first\n')
  t.equal((await stele('', 'consume', 'greetings', '--from', '1', '--format', 'raw')).out, 'second: and more')
})

t.test('JSON lines carry keys, headers, times, partitions and bytes of any kind', { skip }, async (t) => {
  await stele('', 'topics', 'create', 'json', '--partitions', '2')
  const lines = [
    {
      key: 'k',
      value: null,
      headers: [
        ['a', 'b'],
        ['a', null],
      ],
      timestamp: 1_700_000_000_000,
      partition: 1,
    },
    { value: { base64: '/wA=' }, headers: { once: 'x' }, timestamp: '2026-01-31T08:00:00Z', partition: 1 },
  ]
  const input = `${lines.map((line) => JSON.stringify(line)).join('\n\n')}\n`
  t.equal((await stele(input, 'produce', 'json', '--format', 'json', '--acks', '1')).code, 0)
  const read = async (...args: string[]) => {
    const { out } = await stele('', 'consume', 'json', '--format', 'json', ...args)
    return out
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line))
  }
  t.same(await read(), [
    {
      topic: 'json',
      partition: 1,
      offset: 0,
      timestamp: 1_700_000_000_000,
      key: 'k',
      value: null,
      headers: [
        ['a', 'b'],
        ['a', null],
      ],
    },
    {
      topic: 'json',
      partition: 1,
      offset: 1,
      timestamp: 1_769_846_400_000,
      key: null,
      value: { base64: '/wA=' },
      headers: [['once', 'x']],
    },
  ])
  t.match(await read('--base64', '--from', '2025-01-01'), [{ offset: 1, value: '/wA=', headers: [['once', 'eA==']] }])
  t.same(await read('--partition', '0'), [])
  t.same(await read('--from', '1h ago'), [])
  t.match(await stele('{"value":1}\n', 'produce', 'json', '--format', 'json'), { code: 1, err: /^stele: line 1: value must be a string/ })
  t.match(await stele('{"value":"a"}\n{\n', 'produce', 'json', '--format', 'json'), { code: 1, err: /stele: line 2 is not JSON: / })
  t.match(await stele('x\n', 'produce', 'json', '--partition', '9'), {
    code: 1,
    err: "stele: topic 'json' has no partition 9, only 2, counted from 0\n",
  })
  t.match(await stele('', 'consume', 'json', '--partition', '9'), {
    code: 1,
    err: "stele: topic 'json' has no partition 9, only 2, counted from 0\n",
  })
})

t.test('raw input is one record, to the byte', { skip }, async (t) => {
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) & 0xff))
  const file = join(home, 'bytes')
  writeFileSync(file, bytes)
  t.match(await stele('', 'produce', 'raw', file, '--format', 'raw'), { code: 0, err: /^1 record \(293 KiB\)/ })
  const { child, ended } = begin('consume', 'raw', '--format', 'raw')
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  await ended
  t.ok(Buffer.concat(chunks).equals(bytes))
})

t.test('much is produced in batches and read back in order', { skip }, async (t) => {
  const many = Array.from({ length: 60_000 }, (_, index) => `line ${index} ${'x'.repeat(index % 90)}`)
  t.match(await stele(`${many.join('\n')}\n`, 'produce', 'many', '--compression', 'lz4'), { code: 0, err: /^60,000 records/ })
  t.ok((await stele('', 'consume', 'many')).out === `${many.join('\n')}\n`)
  const { child, ended } = begin('consume', 'many')
  child.stdout.once('data', () => child.stdout.destroy())
  t.match(await ended, { code: 0, err: '' }, 'a reader that goes away ends it quietly')
})

t.test('--follow waits for what comes, and SIGINT ends it cleanly', { skip }, async (t) => {
  await stele('', 'topics', 'create', 'followed')
  const { child, said, ended } = begin('consume', 'followed', '--follow')
  await stele('one\n', 'produce', 'followed')
  while (!said.out.includes('one\n')) await once(child.stdout, 'data')
  child.kill('SIGINT')
  t.same(await ended, { code: 0, out: 'one\n', err: '' })
})

t.test('dump shows batches and records, and where a segment is damaged', { skip }, async (t) => {
  await stele('k:v\n', 'produce', 'dumped', '--key-separator', ':')
  await stele('k:w\n', 'produce', 'dumped', '--key-separator', ':')
  const log = join(data, 'dumped-0/00000000000000000000.log')
  t.match(await stele('', 'dump', log), {
    code: 0,
    out: /^\S+\n {2}offsets 0\.\.0 {2}position 0 {2}70 B {2}1 record {2}none .*\n {2}offsets 1\.\.1 {2}position 70 /,
  })
  const lines = (await stele('', 'dump', '--records', '--json', log)).out
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
  t.match(lines, [
    { kind: 'batch', baseOffset: 0, position: 0, sound: true },
    { kind: 'record', offset: 0, key: 'k', value: 'v' },
    { kind: 'batch', baseOffset: 1, position: 70, sound: true },
    { kind: 'record', offset: 1, key: 'k', value: 'w' },
  ])
  t.match(await stele('', 'dump', '-r', join(data, '__cluster_metadata-0/00000000000000000000.log')), {
    code: 0,
    out: /TopicRecord {2}value \{"name":"dumped"/,
  })

  const damaged = join(home, '00000000000000000000.log')
  const bytes = readFileSync(log)
  bytes[68] = (bytes[68] ?? 0) ^ 1
  writeFileSync(damaged, Buffer.concat([bytes, Buffer.alloc(100)]))
  const { code, out, err } = await stele('', 'dump', damaged)
  t.equal(code, 1)
  t.match(out, /DAMAGED at position 0: the checksum of the batch at offset 0 does not match/)
  t.match(out, /DAMAGED at position 140: .*100 B from there on are zeros/)
  t.equal(err, 'stele: 2 places are damaged\n')
})

t.test('dump reads indexes, producers and checkpoints', { skip }, async (t) => {
  const written = (name: string, bytes: Buffer | string) => {
    writeFileSync(join(home, name), bytes)
    return join(home, name)
  }
  const index = Buffer.alloc(32)
  index.writeInt32BE(5, 0)
  index.writeInt32BE(4096, 4)
  const file = written('00000000000000000100.index', index)
  t.match(await stele('', 'dump', file), { code: 0, out: / {2}offset 105 {2}position 4096\n {2}24 bytes of room, not used yet\n/ })
  index.writeInt32BE(3, 8)
  t.match(await stele('', 'dump', written('00000000000000000100.index', index)), { code: 1, out: /DAMAGED at position 8: / })
  const time = Buffer.alloc(12)
  time.writeBigInt64BE(1_700_000_000_000n, 0)
  time.writeInt32BE(5, 8)
  t.match(await stele('', 'dump', written('00000000000000000100.timeindex', time)), {
    code: 0,
    out: /2023-11-14T22:13:20\.000Z {2}offset 105/,
  })
  t.match(await stele('', 'dump', written('leader-epoch-checkpoint', '0\n1\n3 17\n')), { code: 0, out: / {2}epoch 3 {2}from offset 17\n/ })
  t.match(await stele('', 'dump', written('recovery-point-offset-checkpoint', '0\n1\na 0 17\n'), '--json'), {
    code: 0,
    out: /"topic":"a","partition":0,"offset":17/,
  })
  t.match(await stele('', 'dump', written('00000000000000000100.snapshot', 'no snapshot')), {
    code: 1,
    out: /DAMAGED at position 0: this is no whole snapshot/,
  })
  t.match(await stele('', 'dump', join(home, '00000000000000000009.log')), { code: 1, err: / cannot be read: ENOENT\n/ })
  t.match(await stele('', 'dump', steleMain), { code: 2, err: / is not a file that can be shown/ })
})

t.test('the version and help are told; what is not understood is a sentence and exit code 2', { skip }, async (t) => {
  t.match(await stele('', '--version'), { code: 0, out: /^stele \d+\.\d+\.\d+\n$/ })
  t.match((await stele('', '--help')).out, /\n {2}start .*\n {2}topics create /s)
  t.match(await stele('', 'topics', 'create', '--help'), { code: 0, out: /--replication-factor N/ })
  t.match(await stele('', 'consume', 'x', '--from', 'soon'), {
    code: 2,
    err: /^stele: --from must be beginning, end, an offset, .*, not 'soon'\n/,
  })
  t.match(await stele('', 'consume', 'x', '--follow', '--until', 'end'), {
    code: 2,
    err: /^stele: --follow and --until end cannot both be\n/,
  })
  t.match(await stele('', 'topics', 'list', '-b', 'no port'), { code: 2, err: /^stele: --bootstrap: 'no port' is not HOST:PORT\n/ })
  t.match(await stele('', 'topics', 'alter', 'x'), { code: 2, err: /^stele: nothing is to be altered/ })
  t.match(await stele('', 'produce', 'x', '--compression', 'rar'), { code: 2, err: /^stele: --compression must be one of none, gzip/ })
})
