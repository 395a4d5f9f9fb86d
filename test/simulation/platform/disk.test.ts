/** What the simulated disk keeps, loses and refuses. */
import t from 'tap'
import type { Disk, DiskFile } from '../../../broker/platform/disk.ts'
import { calmDisk, type DiskTraits, SimulatedDisk } from './disk.ts'
import { SimulatedProcess } from './process.ts'
import { SeededRandom } from './random.ts'
import { Scheduler } from './scheduler.ts'
import { Trace } from './trace.ts'

interface Machine {
  scheduler: Scheduler
  disk: SimulatedDisk
  process: SimulatedProcess
  port: Disk
}

function machine(traits: Partial<DiskTraits> = {}, seed = 1): Machine {
  const scheduler = new Scheduler(new SeededRandom(seed), new Trace())
  const disk = new SimulatedDisk(scheduler, new SeededRandom(seed), { ...calmDisk, journaled: false, ...traits })
  const process = new SimulatedProcess(scheduler, 'broker', 'a')
  return { scheduler, disk, process, port: disk.for(process) }
}

/** Runs the world until `promise` has settled. */
async function settled<T>(scheduler: Scheduler, promise: Promise<T>): Promise<T> {
  let done = false
  const finish = (): void => {
    done = true
  }
  promise.then(finish, finish)
  await scheduler.run(
    () => done,
    () => {},
  )
  return promise
}

function created(port: Disk, path: string, text: string): DiskFile {
  const file = port.open(path, 'create')
  file.write([Buffer.from(text)], file.size())
  return file
}

const textOf = (disk: SimulatedDisk, path: string): string | undefined => disk.peek(path)?.toString()

t.test('reads see writes at once, at any position, and holes are zero', async (t) => {
  const { port } = machine()
  port.makeDirectory('/data/deep')
  const file = port.open('/data/deep/file', 'create')
  file.write([Buffer.from('ab'), Buffer.from('cd')], 0)
  file.write([Buffer.from('Z')], 6)
  t.equal(file.size(), 7)
  const target = Buffer.alloc(10, 0xff)
  t.equal(file.read(target, 1), 6)
  t.equal(target.subarray(0, 6).toString('latin1'), 'bcd\0\0Z')
  file.truncate(2)
  t.equal(port.open('/data/deep/file', 'read').read(target, 0), 2)
  t.throws(() => port.open('/data/none', 'read'), { code: 'ENOENT' })
  t.throws(() => port.open('/none/file', 'create'), { code: 'ENOENT' })
  t.throws(() => port.open('/data/deep/file', 'read').write([Buffer.from('x')], 0), { code: 'EBADF' })
})

t.test('names: list, rename over another, link, remove and remove trees', async (t) => {
  const { port, disk } = machine()
  port.makeDirectory('/data')
  created(port, '/data/one', '1')
  created(port, '/data/two', '2')
  port.rename('/data/one', '/data/two')
  t.same(port.list('/data'), [{ name: 'two', kind: 'file' }])
  t.equal(textOf(disk, '/data/two'), '1')
  port.link('/data/two', '/data/three')
  port.remove('/data/two')
  t.equal(textOf(disk, '/data/three'), '1')
  t.throws(() => port.list('/nothing'), { code: 'ENOENT' })
  port.rename('/data', '/moved')
  t.equal(textOf(disk, '/moved/three'), '1')
  port.removeTree('/moved')
  t.notOk(port.exists('/moved'))
})

t.test('a killed process loses nothing that it wrote', async (t) => {
  const { port, disk, process } = machine()
  created(port, '/file', 'written')
  process.kill()
  t.equal(textOf(disk, '/file'), 'written')
})

t.test('a power failure takes what was not synced, keeps what was', async (t) => {
  const { port, disk, scheduler } = machine({ keepChance: 0, zeroFillChance: 0 })
  const file = created(port, '/file', 'kept')
  port.syncDirectoryNow('/')
  const sync = file.sync()
  file.write([Buffer.from(' and lost')], 4)
  await settled(scheduler, sync)
  disk.powerFails()
  t.equal(textOf(disk, '/file'), 'kept')
})

t.test('a file whose directory was not synced is gone, synced or not; on a journaling file system its own sync is enough', async (t) => {
  const strict = machine({ keepChance: 0 })
  created(strict.port, '/file', 'data').syncNow()
  strict.disk.powerFails()
  t.equal(textOf(strict.disk, '/file'), undefined)

  const journaled = machine({ keepChance: 0, journaled: true })
  created(journaled.port, '/file', 'data').syncNow()
  journaled.disk.powerFails()
  t.equal(textOf(journaled.disk, '/file'), 'data')
})

t.test('syncs of directories that overlap each cover what was there when they began', async (t) => {
  const { port, disk, scheduler } = machine({ keepChance: 0, syncMin: 100, syncMax: 10_000 }, 3)
  port.makeDirectory('/one')
  port.makeDirectory('/two')
  port.syncDirectoryNow('/')
  const syncs: Promise<void>[] = []
  for (let round = 0; round < 10; round++) {
    for (const folder of ['/one', '/two']) {
      created(port, `${folder}/file${round}`, 'data').syncNow()
      syncs.push(port.syncDirectory(folder))
    }
  }
  await settled(scheduler, Promise.all(syncs))
  disk.powerFails()
  t.equal(disk.files().length, 20)
})

t.test('a rename is atomic, and durable only after its directory is synced', async (t) => {
  const outcomes = new Set<string>()
  for (let seed = 1; seed <= 20; seed++) {
    const { port, disk } = machine({}, seed)
    created(port, '/old', 'old').syncNow()
    created(port, '/new', 'new').syncNow()
    port.syncDirectoryNow('/')
    port.rename('/new', '/old')
    disk.powerFails()
    outcomes.add(`${textOf(disk, '/old')} ${textOf(disk, '/new')}`)
  }
  t.same([...outcomes].sort(), ['new undefined', 'old new'])

  const { port, disk } = machine({ keepChance: 0 })
  created(port, '/new', 'new').syncNow()
  port.rename('/new', '/old')
  port.syncDirectoryNow('/')
  disk.powerFails()
  t.equal(textOf(disk, '/old'), 'new')
})

t.test('of an unsynced write all, nothing, a part or zeros may be left, as the seed has it', async (t) => {
  const kinds = new Set<string>()
  for (let seed = 1; seed <= 60; seed++) {
    const { port, disk } = machine({ zeroFillChance: 0.5 }, seed)
    const file = created(port, '/file', 'head')
    file.syncNow()
    port.syncDirectoryNow('/')
    file.write([Buffer.from('TAIL')], 4)
    disk.powerFails()
    const text = textOf(disk, '/file') ?? ''
    t.ok(text.startsWith('head'))
    const tail = text.slice(4)
    if (tail === 'TAIL') kinds.add('whole')
    else if (tail === '') kinds.add('nothing')
    else if (tail === '\0\0\0\0') kinds.add('zeros')
    else if (tail.endsWith('\0')) kinds.add('part, then zeros')
    else kinds.add('part')
  }
  t.same([...kinds].sort(), ['nothing', 'part', 'part, then zeros', 'whole', 'zeros'])
})

t.test('a torn write ends at a sector where the device writes sectors', async (t) => {
  for (let seed = 1; seed <= 30; seed++) {
    const { port, disk } = machine({ tearUnit: 512, tearChance: 1, keepChance: 1, zeroFillChance: 0 }, seed)
    const file = port.open('/file', 'create')
    file.write([Buffer.alloc(100, 1)], 0)
    file.syncNow()
    port.syncDirectoryNow('/')
    file.write([Buffer.alloc(3000, 2)], 100)
    disk.powerFails()
    const size = disk.peek('/file')?.length ?? 0
    t.ok(size % 512 === 0 || size === 3100, `${size}`)
  }
})

t.test('what a failed sync covered is not saved by a later one', async (t) => {
  const lostSomewhere = []
  for (let seed = 1; seed <= 10; seed++) {
    const { port, disk, scheduler } = machine({ keepChance: 0, zeroFillChance: 0 }, seed)
    const file = created(port, '/file', 'first')
    port.syncDirectoryNow('/')
    disk.fault({ operation: 'sync', matches: (path) => path === '/file', code: 'EIO', times: 1 })
    await t.rejects(settled(scheduler, file.sync()), { code: 'EIO' })
    file.write([Buffer.from('second')], 5)
    await settled(scheduler, file.sync())
    t.equal(textOf(disk, '/file'), 'firstsecond')
    disk.powerFails()
    lostSomewhere.push(textOf(disk, '/file') === '\0\0\0\0\0second')
  }
  t.ok(lostSomewhere.includes(true) && lostSomewhere.includes(false))
})

t.test('planted faults hit the operation and path they name, as often as they say', async (t) => {
  const { port, disk } = machine()
  const file = created(port, '/file', 'x')
  disk.fault({ operation: 'write', matches: (path) => path === '/file', code: 'EIO', times: 2 })
  created(port, '/other', 'unharmed')
  t.throws(() => file.write([Buffer.from('y')], 1), { code: 'EIO' })
  t.throws(() => file.write([Buffer.from('y')], 1), { code: 'EIO' })
  file.write([Buffer.from('y')], 1)
  t.equal(textOf(disk, '/file'), 'xy')
})

t.test('a full device takes what fits, refuses the rest, and serves again when there is room', async (t) => {
  const { port, disk } = machine()
  disk.capacityBytes = 6
  const file = created(port, '/file', 'four')
  t.same(port.space('/'), { free: 2, total: 6 })
  t.throws(() => file.write([Buffer.from('too much')], 4), { code: 'ENOSPC' })
  t.equal(textOf(disk, '/file'), 'fourto')
  file.write([Buffer.from('FOUR')], 0)
  t.throws(() => file.write([Buffer.from('x')], 6), { code: 'ENOSPC' })
  disk.capacityBytes = 100
  file.write([Buffer.from('x')], 6)
  t.equal(textOf(disk, '/file'), 'FOURtox')
  port.remove('/file')
  t.equal(port.space('/').free, 100)
})

t.test('a lock is held by one live process, and dies with it', async (t) => {
  const { port, disk, process, scheduler } = machine()
  port.lock('/.lock')
  const second = disk.for(new SimulatedProcess(scheduler, 'second', 'a'))
  t.throws(() => second.lock('/.lock'), { code: 'EWOULDBLOCK' })
  process.kill()
  const lock = second.lock('/.lock')
  lock.release()
  disk.for(new SimulatedProcess(scheduler, 'third', 'a')).lock('/.lock')
})
