/** Tab behind `stele`: the scripts that `stele completion` prints are run by the shells themselves. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { wordsOf } from '../../../broker/cli/completion.ts'
import { startBroker } from '../../../broker/index.ts'
import { Stele } from '../../../client/index.ts'
import { bare } from '../../support/bare-node.ts'
import { noStele as skip, runStele, steleMain } from '../../support/stele-command.ts'
import { isHere } from '../../support/this-machine.ts'

const run = promisify(execFile)
const home = mkdtempSync(join(tmpdir(), 'stele-completion-'))
const broker = await startBroker()
const client = new Stele({ bootstrap: broker.bootstrap })
await client.topics.create([{ name: 'orders' }, { name: 'order-lines' }, { name: 'bills' }])
await client.admin.groupOffsets.alter('billing', [{ topic: 'orders', partition: 0, offset: 0 }])
const world = { cwd: home, bootstrap: broker.bootstrap }
t.teardown(async () => {
  await client.close()
  await broker.close()
  rmSync(home, { recursive: true, force: true })
})

const hasZsh = isHere('zsh')

async function shell(program: string, script: string, bootstrap = broker.bootstrap): Promise<string[]> {
  const path = join(home, `script.${program}`)
  writeFileSync(path, `stele() { ${process.execPath} ${steleMain} "$@"; }\n${script}`)
  const env = { ...process.env, STELE_BOOTSTRAP: bootstrap }
  const { stdout } = await run(...bare(program, path), { cwd: home, env })
  return stdout.split('\n').filter(Boolean)
}

/** What bash would offer behind `line`: with the words as bash cuts them, also at = and :. */
async function offered(line: string, bootstrap?: string): Promise<string[]> {
  const { out } = await runStele(world, '', 'completion', 'bash')
  const words = line.split(/([=:]|\s+)/).filter((word) => word !== '' && !/^\s+$/.test(word))
  if (/[\s]$/.test(line)) words.push('')
  const script = [
    out,
    `COMP_LINE='${line}'; COMP_POINT=${line.length}; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}`,
    '_stele 2>/dev/null',
    'printf "%s\\n" "${COMPREPLY[@]}"',
  ]
  return shell('bash', script.join('\n'), bootstrap)
}

t.test('bash completes commands, flags and what may follow them', { skip }, async (t) => {
  t.same(await offered('stele '), ['start', 'topics', 'produce', 'consume', 'groups', 'brokers', 'dump', 'bench', 'completion'])
  t.same(await offered('stele top'), ['topics'])
  t.same(await offered('stele topics d'), ['describe', 'delete'])
  t.same(await offered('stele consume orders --fo'), ['--follow', '--format'])
  t.same(await offered('stele consume orders --format '), ['text', 'json', 'raw'])
  t.same(await offered('stele consume orders --format=j'), ['json'], 'bash replaces what is behind the =')
  t.same(await offered('stele consume --from b'), ['beginning'])
  t.same(await offered('stele bench produce fetch-'), ['fetch-tail', 'fetch-cold'])
  t.same(await offered('stele bench --load k'), ['kcat'])
  t.same(await offered('stele dump '), [], 'files are the shell\u2019s own affair')
})

t.test('bash completes the names of topics and groups, as the broker knows them', { skip }, async (t) => {
  t.same(await offered('stele consume ord'), ['order-lines', 'orders'])
  t.same(await offered('stele topics delete orders b'), ['bills'], 'also the second')
  t.same(await offered('stele consume --follow -n 3 b'), ['bills'], 'behind flags')
  t.same(await offered('stele groups describe '), ['billing'])
  t.same(await offered('stele consume orders --group '), ['billing'])
  t.same(await offered('stele consume ', '127.0.0.1:1'), [], 'nobody answers: nothing is offered, and nothing is said')
  t.same(await offered(`stele consume -b ${broker.bootstrap} bi`, '127.0.0.1:1'), ['bills'], 'the broker that the line names is asked')
})

t.test('zsh is offered the same, with what it means', { skip: skip || (hasZsh ? false : 'zsh is not on this machine') }, async (t) => {
  const { out } = await runStele(world, '', 'completion', 'zsh')
  const script = (words: string[]) =>
    [
      'compdef() { :; }; _files() { print files; }; _describe() { print -l -- "${(@P)4}"; }',
      out,
      `words=(${words.map((word) => `'${word}'`).join(' ')}); CURRENT=${words.length}`,
      '_stele',
    ].join('\n')
  t.same(await shell('zsh', script(['stele', 'consume', 'ord'])), ['order-lines', 'orders'])
  t.same(await shell('zsh', script(['stele', 'consume', '--fol'])), ['--follow:Wait for more at the end.'])
  t.same(await shell('zsh', script(['stele', 'dump', ''])), ['files'])
})

t.test('a line is cut as a shell cuts it', async (t) => {
  t.same(wordsOf('stele consume '), ['stele', 'consume', ''])
  t.same(wordsOf(String.raw`stele produce "a b" 'c\ d' e\ f`), ['stele', 'produce', 'a b', String.raw`c\ d`, 'e f'])
})

t.test('a shell that is not known is told', { skip }, async (t) => {
  t.match(await runStele(world, '', 'completion', 'fish'), { code: 2, err: /^stele: the shell must be one of bash, zsh, not 'fish'\n/ })
})
