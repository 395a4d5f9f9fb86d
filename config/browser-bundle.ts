/** The client's browser door as one small module, without anything of Node: what is published for browsers, and what the broker's example page loads. */
import { join } from 'node:path'
import { build, type Plugin } from 'esbuild'

const root = join(import.meta.dirname, '..')

/** Of our own modules none does anything when it is imported: what nobody uses may go, with what it imports. */
const pureModules: Plugin = {
  name: 'pure-modules',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) =>
      resolveDir.includes('node_modules') ? undefined : { path: join(resolveDir, path), sideEffects: false },
    )
  },
}

export async function bundleForBrowsers(outfile: string): Promise<void> {
  await build({
    entryPoints: [join(root, 'client/browser.ts')],
    outfile,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    plugins: [pureModules],
    legalComments: 'linked',
    logLevel: 'warning',
  })
}
