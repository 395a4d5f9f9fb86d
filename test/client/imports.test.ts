/** What a browser's build would take in stands on no module of Node, and nothing but the platform reaches for the world. */
import * as fs from 'node:fs'
import * as path from 'node:path'
import t from 'tap'
import { repository } from '../interop/cache.ts'

const importing = /^(?:import|export)\s(?!type\s)[^'";]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'/gm

/** What is there when types are gone: imports of types alone are not. */
function importsOf(file: string): string[] {
  const text = fs.readFileSync(path.join(repository, file), 'utf8')
  return [...text.matchAll(importing)]
    .filter(([statement]) => !/^(?:import|export)\s*\{(?:\s*type\s[^,}]*,?)+\s*\}/.test(statement))
    .map(([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? '')
}

function sourcesOf(folder: string): string[] {
  const entries = fs.readdirSync(path.join(repository, folder), { recursive: true }) as string[]
  return entries.filter((name) => name.endsWith('.ts')).map((name) => path.join(folder, name))
}

t.test('all that the door for browsers leads to is free of Node', async (t) => {
  const reached = new Set<string>(['client/browser.ts'])
  for (const file of reached) {
    for (const specifier of importsOf(file)) {
      if (specifier.startsWith('.')) reached.add(path.normalize(path.join(path.dirname(file), specifier)))
      else t.notMatch(specifier, /^node:/, `${file} imports ${specifier}`)
    }
  }
  t.ok(reached.size > 5, 'it leads somewhere')
})

t.test("sockets, disks and processes are the platform's alone", async (t) => {
  const world = /^node:(?!(assert|buffer|crypto|module|zlib)(\/|$))/
  for (const file of sourcesOf('client')) {
    const found = importsOf(file).filter((specifier) => world.test(specifier))
    if (!/^client\/platform\/node[\w-]*\.ts$/.test(file)) t.same(found, [], file)
  }
})

t.test('what stands between the platform and the codecs names no module of Node', async (t) => {
  for (const folder of ['client/network', 'client/cluster', 'client/admin', 'client/serde', 'client/stream']) {
    for (const file of sourcesOf(folder)) {
      t.same(
        importsOf(file).filter((specifier) => specifier.startsWith('node:')),
        [],
        file,
      )
    }
  }
})
