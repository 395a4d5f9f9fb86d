/**
 * The client as a package of its own, dist/stele-client: nothing of the broker, no dependency, and for Nodes that are older than the broker's.
 * Packages with machine code are used where somebody has installed them beside it.
 */
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { bundleForBrowsers } from './browser-bundle.ts'

const root = join(import.meta.dirname, '..')
/** The first that has everything the client is built on. */
const oldestNode = '20.18.0'

interface Made {
  readonly staged: string
  readonly nativePackages: readonly string[]
  readonly plugins: readonly Plugin[]
  readonly banner: { readonly js: string }
}

interface Manifest {
  version: string
  license: string
  dependencies: Record<string, string>
}

/** @param staged a dist/ with its declarations. */
export async function packClient({ staged, nativePackages, plugins, banner }: Made): Promise<void> {
  const folder = join(staged, 'stele-client')
  mkdirSync(folder, { recursive: true })
  await build({
    absWorkingDir: root,
    entryPoints: [join(root, 'client/index.ts')],
    outfile: join(folder, 'index.js'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: `node${oldestNode}`,
    external: [...nativePackages],
    plugins: [...plugins],
    banner,
    // What older Nodes lack, without touching anybody's globals.
    define: { 'Promise.withResolvers': '__withResolvers', 'Map.groupBy': '__groupBy' },
    inject: [join(root, 'config/older-nodes.ts')],
    legalComments: 'linked',
    logLevel: 'warning',
  })
  await bundleForBrowsers(join(folder, 'browser.js'))
  cpSync(join(staged, 'client'), folder, {
    recursive: true,
    filter: (path) => !path.endsWith('.js') && !path.endsWith('.map') && !path.endsWith('.LEGAL.txt'),
  })
  writeManifest(folder, nativePackages)
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'))
  copyFileSync(join(root, 'client/README.md'), join(folder, 'README.md'))
}

function writeManifest(folder: string, nativePackages: readonly string[]): void {
  const { version, license, dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest
  const native = nativePackages.map((name) => [name, `^${dependencies[name]}`] as const)
  const browser = { types: './browser.d.ts', default: './browser.js' }
  const manifest = {
    name: 'stele-client',
    version,
    description: 'A Kafka client in TypeScript, for Node and, over WebSocket, for browsers',
    license,
    type: 'module',
    sideEffects: false,
    engines: { node: `>=${oldestNode}` },
    exports: { '.': { browser, types: './index.d.ts', default: './index.js' }, './browser': browser },
    peerDependencies: Object.fromEntries(native),
    peerDependenciesMeta: Object.fromEntries(nativePackages.map((name) => [name, { optional: true }])),
  }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}
