/** `stele produce` beyond the plain case: keys and headers for all, and all or nothing. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { startBroker } from '../../../broker/index.ts'
import { beginStele, noStele as skip, runStele } from '../../support/stele-command.ts'

const home = mkdtempSync(join(tmpdir(), 'stele-produce-'))
const broker = await startBroker()
t.teardown(async () => {
  await broker.close()
  rmSync(home, { recursive: true, force: true })
})

const world = { cwd: home, bootstrap: broker.bootstrap }
const stele = (input: string, ...args: string[]) => runStele(world, input, ...args)
const template = '{headers}|{key}|{value}'

t.test('--key and --header are those of every record that has none of its own', { skip }, async (t) => {
  t.equal((await stele('x\ny\n', 'produce', 'all', '--key', 'k', '-H', 'a:b,c', '-H', 'd:')).code, 0)
  t.equal((await stele('', 'consume', 'all', '-t', template)).out, 'a:b,c,d:|k|x\na:b,c,d:|k|y\n')
  const lines = '{"key":"own","value":"1","headers":{"x":"y"}}\n{"value":"2"}\n'
  t.equal((await stele(lines, 'produce', 'some', '--format', 'json', '--key', 'k', '--header', 'a:b')).code, 0)
  t.equal((await stele('', 'consume', 'some', '-t', template)).out, 'x:y,a:b|own|1\na:b|k|2\n')
  t.match(await stele('', 'produce', 'all', '-H', 'nothing'), { code: 2, err: /^stele: --header must be NAME:VALUE, not 'nothing'\n/ })
  t.match(await stele('', 'produce', 'all', '--key', 'k', '-k', ':'), { code: 2, err: /^stele: --key and --key-separator cannot both be/ })
})

t.test('with a transactional id the input counts as a whole, or not at all', { skip }, async (t) => {
  const committed = async () => (await stele('', 'consume', 'imported', '--read-committed')).out
  await stele('', 'topics', 'create', 'imported')
  const all = ['produce', 'imported', '--transactional-id', 'import'] as const
  t.match(await stele('one\ntwo\n', ...all), { code: 0, err: /^2 records .* written to imported/ })
  t.equal(await committed(), 'one\ntwo\n')

  const broken = `{"value":"three"}\n`.repeat(5000)
  const { code, err } = await stele(`${broken}{\n`, ...all, '--format', 'json')
  t.equal(code, 1)
  t.match(err, /^stele: line 5001 is not JSON: .*\n$/, 'nothing is said to be written')
  t.equal(await committed(), 'one\ntwo\n')

  const { child, ended } = beginStele(world, ...all)
  child.stdin.write('four\n')
  while (!(await stele('', 'consume', 'imported')).out.endsWith('four\n')) t.comment('not there yet')
  child.kill('SIGINT')
  t.match(await ended, { code: 1, err: /^stele: interrupted: the transaction is aborted, and nothing was written\n$/ })
  child.stdin.destroy()
  t.equal(await committed(), 'one\ntwo\n')
  t.match(await stele('', ...all, '--acks', '1'), { code: 2, err: /^stele: --transactional-id and --acks 1 cannot both be/ })
})

t.test('without one, what was acknowledged before an input broke is told', { skip }, async (t) => {
  await stele('', 'topics', 'create', 'parts')
  const { child, said, ended } = beginStele(world, 'produce', 'parts', '--format', 'json')
  child.stdin.write('{"value":"1"}\n')
  while ((await stele('', 'consume', 'parts')).out === '') t.comment('not there yet')
  child.stdin.write('{\n')
  await once(child, 'close')
  t.equal((await ended).code, 1)
  t.match(said.err, /^1 record \(1 B\) written to parts .*\nstele: line 2 is not JSON: /)
})

t.test('--null says what stands for no value and for no key, both ways', { skip }, async (t) => {
  t.equal((await stele('ada:\n-:x\n', 'produce', 'gone', '-k', ':', '--null', '')).code, 0)
  t.match((await stele('', 'consume', 'gone', '--format', 'json')).out, /"key":"ada","value":null.*\n.*"key":"-","value":"x"/)
  t.equal((await stele('', 'consume', 'gone', '--keys', '--null', 'NULL')).out, 'ada\tNULL\n-\tx\n')
  t.equal((await stele('', 'consume', 'gone', '-t', '{key}={value}', '--null', '~')).out, 'ada=~\n-=x\n')
  t.match(await stele('', 'produce', 'gone', '--format', 'json', '--null', ''), {
    code: 2,
    err: /^stele: --null and --format json cannot both be/,
  })
})

t.test('records may end in another character than a line feed', { skip }, async (t) => {
  t.equal((await stele('a\nb\0c', 'produce', 'lined', '--delimiter', '\\0')).code, 0)
  t.equal((await stele('', 'consume', 'lined', '-t', '<{value}>')).out, '<a\nb>\n<c>\n')
  t.match(await stele('', 'produce', 'lined', '--delimiter', 'ab'), { code: 2, err: /^stele: --delimiter must be one character/ })
})
