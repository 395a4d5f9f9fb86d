import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t from 'tap'
import { bareNode } from '../support/bare-node.ts'

const root = join(import.meta.dirname, '../..')

/** One planted fault each: where, what, and the rule that must see it. `none` must pass. */
const planted: [path: string, text: string, rule: string][] = [
  ['broker/log/a.ts', "import { x } from '../replication/x.ts'\nexport const a = x", 'no-restricted-imports'],
  ['broker/log/b.ts', "export type { X } from '../cluster/x.ts'", 'no-restricted-imports'],
  ['broker/log/c.ts', "export const c = () => import('../../client/network/x.ts')", 'no-restricted-imports'],
  [
    'broker/log/d.ts',
    "import { x } from '../platform/x.ts'\nimport { y } from '../../client/records/y.ts'\nexport const d = [x, y]",
    'none',
  ],
  ['broker/log/deep/e.ts', "import { x } from '../../platform/x.ts'\nimport { y } from '../d.ts'\nexport const e = [x, y]", 'none'],
  ['broker/log/deep/f.ts', "import { x } from '../../api/x.ts'\nexport const f = x", 'no-restricted-imports'],
  ['broker/replication/a.ts', "import { x } from '../cluster/x.ts'\nexport const a = x", 'no-restricted-imports'],
  ['broker/replication/b.ts', "import { x } from '../log/d.ts'\nexport const b = x", 'none'],
  ['broker/cluster/a.ts', "import { x } from '../replication/x.ts'\nexport const a = x", 'no-restricted-imports'],
  ['broker/coordinator/a.ts', "import { x } from '../groups/x.ts'\nexport const a = x", 'no-restricted-imports'],
  ['broker/groups/a.ts', "import { x } from '../api/x.ts'\nexport const a = x", 'no-restricted-imports'],
  ['broker/api/a.ts', "import { x } from '../server/x.ts'\nexport const a = x", 'no-restricted-imports'],
  ['broker/api/b.ts', "import { x } from '../broker.ts'\nexport const b = x", 'no-restricted-imports'],
  ['broker/server/a.ts', "import { x } from '../cli/x.ts'\nexport const a = x", 'no-restricted-imports'],
  ['broker/metrics/a.ts', "import { x } from '../log/x.ts'\nexport const a = x", 'no-restricted-imports'],
  ['broker/config/a.ts', "import { x } from '../cluster/x.ts'\nexport const a = x", 'no-restricted-imports'],
  ['broker/platform/a.ts', "import { x } from '../log/x.ts'\nexport const a = x", 'no-restricted-imports'],
  ['broker/broker.ts', "import { x } from '../client/index.ts'\nexport const a = x", 'no-restricted-imports'],
  ['broker/cli/a.ts', "import { x } from '../../client/producer/x.ts'\nexport const a = x", 'no-restricted-imports'],
  ['broker/cli/b.ts', "import { x } from '../../client/index.ts'\nexport const b = [x, Date.now(), process.pid]", 'none'],
  ['broker/cli/c.ts', "import { x } from '../../bench/bench.ts'\nexport const c = x", 'none'],
  ['broker/cli/d.ts', "import { x } from '../../bench/round.ts'\nexport const d = x", 'no-restricted-imports'],
  ['broker/api/c.ts', "import { x } from '../../bench/bench.ts'\nexport const c = x", 'no-restricted-imports'],
  ['client/network/a.ts', "import { x } from '../../broker/x.ts'\nexport const a = x", 'no-restricted-imports'],
  ['client/protocol/a.ts', "import { x } from '../records/x.ts'\nexport const a = x", 'no-restricted-imports'],
  ['client/protocol/messages/b.ts', "import { x } from '../schema.ts'\nexport const b = x", 'none'],
  ['client/records/a.ts', "import { x } from '../producer/x.ts'\nexport const a = x", 'no-restricted-imports'],
  ['bench/a.ts', "import { x } from '../broker/x.ts'\nexport const a = x", 'no-restricted-imports'],

  ['broker/log/disk.ts', "import * as fs from 'node:fs'\nexport const a = fs", 'no-nodejs-modules'],
  ['broker/log/threads.ts', "import { Worker } from 'node:worker_threads'\nexport const a = Worker", 'no-nodejs-modules'],
  ['client/network/socket.ts', "import * as net from 'node:net'\nexport const a = net", 'no-nodejs-modules'],
  ['broker/log/time.ts', 'export const a = Date.now()', 'no-restricted-globals'],
  ['broker/log/timer.ts', 'export const a = () => setTimeout(() => {}, 1)', 'no-restricted-globals'],
  ['broker/log/chance.ts', 'export const a = Math.random()', 'no-restricted-properties'],
  ['broker/log/process.ts', 'export const a = process.pid', 'no-restricted-globals'],
  ['broker/platform/node/time.ts', "import * as fs from 'node:fs'\nexport const a = [fs, Date.now(), Math.random()]", 'none'],

  ['broker/api/float.ts', 'const work = async () => {}\nexport const a = () => {\n  work()\n}', 'no-floating-promises'],
  [
    'broker/api/misuse.ts',
    'const ask = async () => true\nexport const a = () => {\n  if (ask()) return 1\n  return 2\n}',
    'no-misused-promises',
  ],
  [
    'broker/api/forgotten.ts',
    "export function a(kind: 'x' | 'y'): number {\n  switch (kind) {\n    case 'x':\n      return 1\n  }\n  return 2\n}",
    'switch-exhaustiveness-check',
  ],
  ['broker/api/default.ts', 'export default 1', 'no-default-export'],
  ['broker/api/circle-a.ts', "import { b } from './circle-b.ts'\nexport const a = () => b", 'no-cycle'],
  ['broker/api/circle-b.ts', "import { a } from './circle-a.ts'\nexport const b = () => a", 'no-cycle'],
]

interface Diagnostic {
  code: string
  filename: string
}

t.test('lint sees every planted fault, and none where there is none', async (t) => {
  const project = mkdtempSync(join(tmpdir(), 'stele-lint-'))
  t.teardown(() => rmSync(project, { recursive: true, force: true }))
  symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'))
  for (const file of ['.oxlintrc.json', 'tsconfig.json', 'package.json']) copyFileSync(join(root, file), join(project, file))
  for (const [path, text] of planted) {
    mkdirSync(dirname(join(project, path)), { recursive: true })
    writeFileSync(join(project, path), `${text}\n`)
  }
  const oxlint = join(root, 'node_modules/oxlint/bin/oxlint')
  const output = await new Promise<string>((resolve) => {
    const [command, args] = bareNode(oxlint, '--format=json', 'broker', 'client', 'bench')
    execFile(command, args, { cwd: project }, (_error, stdout) => resolve(stdout))
  })
  const { diagnostics } = JSON.parse(output) as { diagnostics: Diagnostic[] }
  for (const [path, , rule] of planted) {
    const seen = [...new Set(diagnostics.filter(({ filename }) => filename === path).map(({ code }) => code.replace(/^.*\((.*)\)$/, '$1')))]
    t.strictSame(seen, rule === 'none' ? [] : [rule], path)
  }
})
