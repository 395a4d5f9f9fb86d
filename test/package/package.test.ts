import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { bareNode } from '../support/bare-node.ts'

const root = join(import.meta.dirname, '../..')
const dist = join(root, 'dist')
const notBuilt = existsSync(join(dist, 'broker/index.js')) ? false : 'dist/ holds no broker: make build'

interface Manifest {
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  exports: Record<string, unknown>
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
}

/** Installs what the package depends on, and no more, from what is here: a registry is not always in reach. */
function installDependencies(of: Manifest, modules: string, done = new Set<string>()): Set<string> {
  for (const name of Object.keys({ ...of.dependencies, ...of.optionalDependencies })) {
    const source = join(root, 'node_modules', name)
    if (done.has(name) || !existsSync(source)) continue
    done.add(name)
    cpSync(source, join(modules, name), { recursive: true })
    installDependencies(manifestOf(source), modules, done)
  }
  return done
}

/** The packed package as npm would lay it out in an empty project. */
function installed(t: Test): string {
  const project = mkdtempSync(join(tmpdir(), 'stele-package-'))
  t.teardown(() => rmSync(project, { recursive: true, force: true }))
  const modules = join(project, 'node_modules')
  mkdirSync(join(modules, 'stele'), { recursive: true })
  const packed = execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', project], {
    cwd: dist,
    encoding: 'utf8',
  })
  execFileSync('tar', ['-xzf', join(project, packed.trim()), '--strip-components=1', '-C', join(modules, 'stele')])
  installDependencies(manifestOf(join(modules, 'stele')), modules)
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }\n')
  return project
}

function runs(project: string, name: string, source: string): string {
  writeFileSync(join(project, name), source)
  return execFileSync(...bareNode(join(project, name)), { cwd: project, encoding: 'utf8', timeout: 20_000 })
}

t.test('the packed package works alone in an empty project', { skip: notBuilt }, async (t) => {
  const project = installed(t)

  t.test('it brings no Node and nothing that only development needs', async (t) => {
    const { dependencies, optionalDependencies } = manifestOf(join(project, 'node_modules/stele'))
    t.strictSame(Object.keys(dependencies ?? {}).sort(), ['@node-rs/crc32', 'lz4-napi', 'snappy'])
    t.equal(optionalDependencies, undefined)
  })

  t.test('a broker starts in a script of that project, serves the client, and closes', async (t) => {
    const output = runs(
      project,
      'embed.mjs',
      `import { Stele } from 'stele'
       import { startBroker } from 'stele/broker'
       const broker = await startBroker()
       const client = new Stele({ bootstrap: broker.bootstrap })
       await client.topics.create([{ name: 'orders', partitions: 1 }])
       await client.producer().send('orders', [{ key: Buffer.from('7'), value: Buffer.from('paid') }])
       await client.close()
       await broker.close()
       console.log('closed')`,
    )
    t.equal(output.trim(), 'closed')
  })

  t.test('its command runs', async (t) => {
    const output = execFileSync(...bareNode(join(project, 'node_modules/stele/broker/cli/main.js'), '--help'), { encoding: 'utf8' })
    t.match(output, /^ +start +Runs a broker/m)
  })

  t.test('its declarations hold for a strict TypeScript project', async (t) => {
    const source = `import { Stele, type SteleOptions } from 'stele'
      import { startBroker } from 'stele/broker'
      const options: SteleOptions = { bootstrap: '127.0.0.1:9092' }
      const wrong: number = startBroker
      export { options, Stele, wrong }`
    writeFileSync(join(project, 'embed.ts'), source)
    const settings = {
      strict: true,
      noEmit: true,
      module: 'nodenext',
      target: 'es2025',
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
    }
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: settings, files: ['embed.ts'] }))
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const errors = t.throws(() => execFileSync(...bareNode(tsc, '-p', project), { cwd: project, encoding: 'utf8' })) as { stdout?: string }
    t.match(errors.stdout, /^embed\.ts\(4,13\): error TS2322: [^\n]*\n?$/, 'the planted error is found, and none beside it')
  })
})
