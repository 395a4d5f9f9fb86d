/**
 * Writes package-lock.json, under the pinned Node (an older npm host picks older packages), and makes it whole.
 * A package with machine code names one package per platform, and a registry may carry only some of them. npm then leaves the rest out
 * of the lockfile and refuses its own work at the next `npm ci`. What is missing is entered here from its parent's manifest: an exact
 * version, and the platform that its name says, by which it is passed over elsewhere.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const lockfile = join(root, 'package-lock.json')

interface Locked {
  version?: string
  cpu?: string[]
  dev?: boolean
  libc?: string[]
  optional?: boolean
  os?: string[]
  optionalDependencies?: Record<string, string>
}

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64']

/** `@biomejs/cli-linux-x64-musl` says linux, x64 and musl. */
function platformOf(name: string): Locked {
  const words = name.split(/[/-]/)
  const os = systems.filter((system) => words.includes(system))
  const cpu = processors.filter((processor) => words.includes(processor))
  const libc = words.some((word) => word.startsWith('musl')) ? ['musl'] : words.some((word) => word.startsWith('gnu')) ? ['glibc'] : []
  if (os.length === 0 && cpu.length === 0) throw new Error(`${name} is missing from the registry, and its name says no platform`)
  return { ...(os.length > 0 && { os }), ...(cpu.length > 0 && { cpu }), ...(libc.length > 0 && { libc }) }
}

/** Where Node would look for `name` from inside `parent`: nested first, then up. */
function isLocked(packages: Record<string, Locked>, parent: string, name: string): boolean {
  for (let folder = parent; folder !== ''; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    if (packages[`${folder}/node_modules/${name}`]) return true
  }
  return packages[`node_modules/${name}`] !== undefined
}

function complete(packages: Record<string, Locked>): Record<string, Locked> {
  const whole = { ...packages }
  for (const [path, { optionalDependencies = {}, dev }] of Object.entries(packages)) {
    if (path === '') continue
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (isLocked(packages, path, name)) continue
      whole[`node_modules/${name}`] = { version, ...platformOf(name), ...(dev && { dev }), optional: true }
    }
  }
  return Object.fromEntries(Object.entries(whole).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function npm(...args: string[]): void {
  const onPath = (process.env['PATH'] ?? '').split(':').map((folder) => join(folder, 'npm'))
  const found = onPath.find((path) => existsSync(path))
  if (!found) throw new Error('npm is not on the PATH')
  execFileSync(process.execPath, [realpathSync(found), ...args], { cwd: root, stdio: 'inherit' })
}

npm('install', '--package-lock-only')
const lock = JSON.parse(readFileSync(lockfile, 'utf8')) as { packages: Record<string, Locked> }
writeFileSync(lockfile, `${JSON.stringify({ ...lock, packages: complete(lock.packages) }, null, 2)}\n`)
