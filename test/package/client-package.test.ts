/** The client's own package, packed as npm packs it and installed in an empty project far from this one: nothing of machine code is in reach there. */
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { startBroker } from '../../broker/index.ts'
import { cached, missing } from '../interop/cache.ts'
import { bare, bareNode } from '../support/bare-node.ts'

const root = join(import.meta.dirname, '../..')
const folder = join(root, 'dist/stele-client')
const notBuilt = existsSync(join(folder, 'package.json')) ? false : 'dist/ holds no client: make build'

const project = mkdtempSync(join(tmpdir(), 'stele-client-'))
t.teardown(() => rmSync(project, { recursive: true, force: true }))
const installed = join(project, 'node_modules/stele-client')

if (notBuilt === false) {
  const packed = execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', project], {
    cwd: folder,
    encoding: 'utf8',
  })
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }\n')
  execFileSync('npm', ['install', '--silent', '--offline', '--no-audit', '--no-fund', join(project, packed.trim())], { cwd: project })
}

t.test('it brings nothing but itself, and nothing of the broker', { skip: notBuilt }, async (t) => {
  t.same(
    readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.')),
    ['stele-client'],
  )
  const code = readFileSync(join(installed, 'index.js'), 'utf8')
  const modules = [...code.matchAll(/^\/\/ (\S+\.[jt]s)$/gm)].map(([, path = '']) => path)
  t.ok(modules.length > 100, `${modules.length} modules`)
  t.same(
    modules.filter((path) => !path.startsWith('client/') && path !== 'config/older-nodes.ts'),
    [],
  )
})

t.test('the browser bundle is under 25 kB gzipped', { skip: notBuilt }, async (t) => {
  const { length } = gzipSync(readFileSync(join(installed, 'browser.js')))
  t.ok(length < 25_000, `${length} bytes`)
})

const story = `
import { json, Stele } from 'stele-client'
const stele = new Stele({ bootstrap: process.argv[2] })
const topic = 'from-node-' + process.versions.node
await stele.topics.create([{ name: topic, partitions: 2 }])
const codecs = ['gzip', 'snappy', 'lz4']
for (const [index, compression] of codecs.entries()) {
  await stele.producer({ value: json(), compression }).send(topic, { key: Buffer.from('k'), value: index + 1 })
}
const transactional = stele.transactionalProducer({ transactionalId: topic, value: json() })
const transaction = await transactional.begin()
await transaction.send(topic, { key: Buffer.from('k'), value: 4 })
await transaction.commit()
await transactional.close()
const consumer = stele.consumer({ group: topic, topics: [topic], from: 'beginning', isolation: 'committed', value: json() })
const values = []
for await (const { value } of consumer) {
  values.push(value)
  if (values.length === 4) break
}
await consumer.close()
await stele.close()
let zstd = 'zstd'
try {
  stele.producer({ compression: 'zstd' })
} catch (error) {
  zstd = error.code
}
console.log(values.join(), zstd)
`

for (const major of ['20', '22', '26']) {
  const isOwn = process.versions.node.startsWith(`${major}.`)
  const node = isOwn ? process.execPath : cached('older_nodes', major, 'node_modules/.bin/node')
  const skip = notBuilt || (isOwn ? false : missing('older_nodes'))
  t.test(`with Node ${major} an empty project writes in the codecs that it has, reads, commits and ends`, { skip }, async (t) => {
    await using broker = await startBroker({ settings: { 'group.initial.rebalance.delay.ms': 0 } })
    writeFileSync(join(project, 'story.js'), story)
    const { stdout } = await promisify(execFile)(...bare(node, 'story.js', broker.bootstrap), { cwd: project, timeout: 20_000 })
    t.equal(stdout, `1,2,3,4 ${major === '20' ? 'INVALID_OPTION' : 'zstd'}\n`)
  })
}

t.test('the example of its README does what it says', { skip: notBuilt }, async (t) => {
  await using broker = await startBroker({ settings: { 'group.initial.rebalance.delay.ms': 0 } })
  const readme = readFileSync(join(installed, 'README.md'), 'utf8')
  const [, example = '', said = ''] = /^```js\n(.*?)^```\n\n```text\n(.*?)^```/ms.exec(readme) ?? []
  writeFileSync(join(project, 'example.js'), example.replaceAll('127.0.0.1:9092', broker.bootstrap))
  const { stdout } = await promisify(execFile)(...bareNode('example.js'), { cwd: project, timeout: 20_000 })
  t.equal(stdout, said)
  t.not(said, '')
})

const onNode = `import { json, Stele, type SteleOptions } from 'stele-client'
const options: SteleOptions = { bootstrap: '127.0.0.1:9092' }
const producer = new Stele(options).producer({ value: json<{ item: string }>() })
await producer.send('orders', { value: { item: 'chalk' } })
await producer.send('orders', { value: { item: 7 } })
`
const inBrowsers = `import { json, Stele } from 'stele-client/browser'
const stele = new Stele({ url: 'wss://example.org' })
await stele.producer({ value: json<{ item: string }>() }).send('orders', { value: { item: 'chalk' } })
await stele.producer({ value: json<{ item: string }>() }).send('orders', { value: { item: 7 } })
`

for (const [module, resolution] of [
  ['node16', 'node16'],
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
] as const) {
  t.test(
    `its types hold with moduleResolution ${resolution}: a planted error is found, and none beside it`,
    { skip: notBuilt },
    async (t) => {
      const tsc = join(root, 'node_modules/typescript/bin/tsc')
      const types = join(project, 'node_modules/@types')
      if (!existsSync(types)) symlinkSync(join(root, 'node_modules/@types'), types)
      const how = ['--ignoreConfig', '--noEmit', '--strict', '--target', 'es2022', '--module', module, '--moduleResolution', resolution]
      const wrong = (name: string, source: string, ...more: string[]) => {
        writeFileSync(join(project, name), source)
        const thrown = t.throws(() => execFileSync(...bareNode(tsc, ...how, ...more, name), { cwd: project, encoding: 'utf8' }))
        const { stdout = '' } = thrown as { stdout?: string }
        const last = source.trim().split('\n').length
        t.equal(stdout.match(/: error TS/g)?.length, 1, stdout)
        t.match(stdout, `${name}(${last},`)
      }
      wrong('node.ts', onNode, '--lib', 'esnext', '--types', 'node')
      // A page has no types of Node.
      wrong('page.ts', inBrowsers, '--lib', 'esnext,dom', '--types', '')
    },
  )
}
