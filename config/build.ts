/**
 * Makes dist/: what is run and what is published.
 * Owns: the bundle (the command, the client's and the broker's doors, and the chunks they share) and the launcher in front of the command.
 * Declarations come from tsc, and types are its affair: this never checks them.
 *
 * One bundle instead of some 250 modules, because a cold start is a promise: less to find, read and compile.
 * Packages with machine code stay outside it. Published imports are bundled with the same chunks, so that an error class is one class
 * whichever door it came through.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { bundleForBrowsers } from './browser-bundle.ts'
import { packClient } from './client-package.ts'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')
/** Built here and moved into place whole, so that a broker started meanwhile sees the old dist or the new one, never half of each. */
const staged = join(root, '.cache/dist')
const replaced = join(root, '.cache/dist-before')
const nativePackages = ['@node-rs/crc32', 'lz4-napi', 'snappy']
const doors = ['client/index', 'broker/index']
const command = 'broker/cli/main'
/** What the broker shows at / on its HTTP port. */
const page = 'broker/gateway/page'
/** Programs around others' clients, which the bench runs. */
const peers = 'bench/peers'
/** What threads (broker/platform/node/workers.ts) and the processes of the bench begin with: each is a file of its own. */
const threads = ['broker/log/compaction/worker', 'bench/process/load-process', 'bench/process/metronome-thread']

/** CommonJS packages inside an ES module bundle still call require for Node's own modules. */
const banner = {
  js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
}

/**
 * The compile cache must be on before the bulk is read, so the command is two files: this one switches it on, then loads the other.
 * It lives inside dist rather than in the shared temporary folder, where another user could have put compiled code for us to run;
 * where dist can't be written, Node goes without. Node writes it on a clean exit; a broker may not live to see one.
 */
const launcher = `#!/usr/bin/env node
import { enableCompileCache, flushCompileCache } from 'node:module'
import { join } from 'node:path'
enableCompileCache(join(import.meta.dirname, '../../.compiled'))
setTimeout(flushCompileCache, 2000).unref()
await import('./stele.js')
`

/**
 * Importing one of Node's modules as an ES module reads every name it exports, and some are costly getters: node:http loads a whole
 * HTTP client that way, 12 ms of a 75 ms start. Taken as the object it is, only what is used is read.
 */
const builtinsAsObjects: Plugin = {
  name: 'builtins-as-objects',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: 'builtin' }))
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({ contents: `module.exports = process.getBuiltinModule('${path}')` }))
  },
}

function entryPoints(): { in: string; out: string }[] {
  const entries = [...doors, ...threads].map((entry) => ({ in: join(root, `${entry}.ts`), out: entry }))
  entries.push({ in: join(root, `${command}.ts`), out: 'broker/cli/stele' })
  return entries.filter((entry) => existsSync(entry.in))
}

async function bundle(): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: entryPoints(),
    outdir: staged,
    chunkNames: 'broker/chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node26',
    external: nativePackages,
    plugins: [builtinsAsObjects],
    banner,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'linked',
    logLevel: 'warning',
  })
}

function writeLauncher(): void {
  if (!existsSync(join(staged, 'broker/cli/stele.js'))) return
  const path = join(staged, `${command}.js`)
  writeFileSync(path, launcher)
  chmodSync(path, 0o755)
}

function writeDeclarations(): void {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, '-p', 'config/tsconfig.build.json', '--outDir', staged], { cwd: root, stdio: 'inherit' })
}

interface Manifest {
  name: string
  version: string
  description: string
  license: string
  type: string
  engines: Record<string, string>
  bin: Record<string, string>
  exports: Record<string, Record<string, string>>
  dependencies: Record<string, string>
}

/** What is published is dist/ itself: of the packages only those that are not bundled, and no Node of its own. */
function writeManifest(): void {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest
  const { name, version, description, license, type, engines, bin, exports, dependencies } = manifest
  const native = Object.fromEntries(Object.entries(dependencies).filter(([dependency]) => nativePackages.includes(dependency)))
  const files = ['broker', 'client', 'bench']
  const published = { name, version, description, license, type, engines, bin, exports, files, dependencies: native }
  writeFileSync(join(staged, 'package.json'), `${JSON.stringify(published, null, 2).replaceAll('dist/', '')}\n`)
  for (const file of ['README.md', 'LICENSE']) copyFileSync(join(root, file), join(staged, file))
}

function moveIntoPlace(): void {
  rmSync(replaced, { recursive: true, force: true })
  if (existsSync(dist)) renameSync(dist, replaced)
  renameSync(staged, dist)
  rmSync(replaced, { recursive: true, force: true })
}

rmSync(staged, { recursive: true, force: true })
mkdirSync(staged, { recursive: true })
await Promise.all([bundle(), bundleForBrowsers(join(staged, 'client/browser.js'))]).catch(() => process.exit(1)) // esbuild has said what is wrong
for (const folder of [page, peers]) cpSync(join(root, folder), join(staged, folder), { recursive: true })
writeLauncher()
writeDeclarations()
writeManifest()
await packClient({ staged, nativePackages, plugins: [builtinsAsObjects], banner })
writeFileSync(join(staged, '.built'), '')
moveIntoPlace()
