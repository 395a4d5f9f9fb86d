import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { Cluster, MetadataUnavailable } from '../../../broker/cluster/cluster.ts'
import { recordsOf } from '../../../broker/cluster/image-records.ts'
import { EmbeddedMetadataLog } from '../../../broker/cluster/metadata-log/embedded.ts'
import { planDeleteTopics } from '../../../broker/cluster/topic-changes.ts'
import { planCreateTopics } from '../../../broker/cluster/topic-creation.ts'
import { Settings } from '../../../broker/config/settings.ts'
import { LogDirectory } from '../../../broker/log/log-directory.ts'
import { silentLogger } from '../../../broker/metrics/logger.ts'
import { type Disk, DiskError, type DiskFile } from '../../../broker/platform/disk.ts'
import { nodePlatform } from '../../../broker/platform/node/platform.ts'
import { zeroUuid } from '../../../client/protocol/uuid.ts'
import { unpackKafkaDirectory } from './kafka-directory.ts'

const root = mkdtempSync(join(tmpdir(), 'stele-metadata-'))
t.teardown(() => rmSync(root, { recursive: true, force: true }))
let directories = 0
const newDirectory = () => {
  const path = join(root, String(++directories))
  mkdirSync(path)
  return path
}
const byText = (a: unknown, b: unknown) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)
const metadataFolder = (path: string) => join(path, '__cluster_metadata-0')
const snapshotsIn = (path: string) => readdirSync(metadataFolder(path)).filter((name) => name.endsWith('.checkpoint'))

interface Node {
  cluster: Cluster
  directory: LogDirectory
  create(name: string, numPartitions?: number): Promise<void>
  remove(name: string): Promise<void>
  snapshot(): Promise<void>
  /** What anyone can see of the cluster. */
  seen(): unknown
  close(): Promise<void>
}

interface StartOptions {
  bytesBetweenSnapshots?: number
  disk?: Disk
}

async function start(path: string, { bytesBetweenSnapshots, disk = nodePlatform.disk }: StartOptions = {}): Promise<Node> {
  const platform = { ...nodePlatform, disk }
  const logger = silentLogger
  const directory = LogDirectory.open({ platform, path, nodeId: 1, logger, onWritten() {}, onOffline() {}, onFlushed() {} })
  const log = EmbeddedMetadataLog.open({ platform, directory, logger, ...(bytesBetweenSnapshots && { bytesBetweenSnapshots }) })
  const { clusterId, directoryId } = directory
  const cluster = new Cluster({ brokerId: 1, clusterId, log, settings: () => Settings.defaults, random: platform.random, logger })
  await cluster.start()
  const endpoints = new Map([['PLAINTEXT', { host: '127.0.0.1', port: 9092, securityProtocol: 0 }]])
  await cluster.register({ endpoints, rack: null, directoryId })
  const certain = <R>(reply: R | MetadataUnavailable): R => {
    if (reply instanceof MetadataUnavailable) throw reply.cause
    return reply
  }
  return {
    cluster,
    directory,
    async create(name, numPartitions = 1) {
      const topic = { name, numPartitions, replicationFactor: 1, assignments: [], configs: [{ name: 'retention.ms', value: '5' }] }
      certain(await cluster.change(planCreateTopics([topic], { ...cluster.creationContext, validateOnly: false })))
    },
    async remove(name) {
      certain(await cluster.change(planDeleteTopics([{ name, topicId: zeroUuid }])))
    },
    async snapshot() {
      const [metadata] = directory.logs
      await log.snapshot(metadata?.endOffset ?? 0, recordsOf(cluster.image))
    },
    seen: () => ({
      topics: [...cluster.image.topics.values()].map((topic) => ({ ...topic })).sort((a, b) => (a.name < b.name ? -1 : 1)),
      configs: [...cluster.image.configs].map(([key, configs]) => [key, [...configs]]).sort(byText),
      features: [...cluster.image.features].sort(byText),
      nextProducerId: cluster.image.nextProducerId,
    }),
    async close() {
      await cluster.close()
      await directory.close()
    },
  }
}

/** What a killed process leaves behind: the files as they are now, without the lock. */
function killed(path: string): string {
  const copy = newDirectory()
  cpSync(path, copy, { recursive: true, filter: (source) => !source.endsWith('.lock') })
  return copy
}

t.test('all that was answered is there after a restart, clean or not', async (t) => {
  const path = newDirectory()
  const first = await start(path)
  await first.create('orders', 12)
  await Promise.all(Array.from({ length: 50 }, (_, n) => first.create(`topic-${n}`)))
  await first.remove('topic-7')
  t.equal(await first.cluster.nextProducerId(), 0)
  const seen = first.seen()
  const copy = killed(path)
  await first.close()
  for (const directory of [path, copy]) {
    const again = await start(directory)
    t.same(again.seen(), seen)
    t.equal(await again.cluster.nextProducerId(), 1000)
    t.ok(
      (again.cluster.image.brokers.get(1)?.epoch ?? 0) > (first.cluster.image.brokers.get(1)?.epoch ?? 0),
      'every start has its own epoch',
    )
    await again.close()
  }
})

t.test('a torn last batch is as if it had not been', async (t) => {
  const path = newDirectory()
  const node = await start(path)
  await node.create('a')
  const seen = node.seen()
  await node.create('torn')
  const file = join(metadataFolder(path), '00000000000000000000.log')
  for (const cut of [1, 30, 61]) {
    const copy = killed(path)
    const log = join(metadataFolder(copy), '00000000000000000000.log')
    truncateSync(log, readFileSync(file).length - cut)
    rmSync(join(copy, '.kafka_cleanshutdown'), { force: true })
    const again = await start(copy)
    t.same(again.seen(), seen, `cut by ${cut}`)
    await again.close()
  }
  await node.close()
})

t.test('snapshots keep the log short, and a restart reads the newest one and the rest', async (t) => {
  const path = newDirectory()
  const first = await start(path, { bytesBetweenSnapshots: 2000 })
  for (let n = 0; n < 60; n++) await first.create(`topic-${n}`)
  for (let n = 0; n < 60; n += 2) await first.remove(`topic-${n}`)
  await first.cluster.close()
  const seen = first.seen()
  const copy = killed(path)
  await first.close()
  const names = snapshotsIn(path)
  t.equal(names.length, 2, 'the newest, and one to fall back on')
  for (const directory of [path, copy]) {
    const again = await start(directory)
    t.same(again.seen(), seen)
    await again.close()
  }
  const newest = names.sort().at(-1) as string
  const damaged = killed(path)
  const bytes = readFileSync(join(metadataFolder(damaged), newest))
  bytes[200] = (bytes[200] as number) ^ 1
  writeFileSync(join(metadataFolder(damaged), newest), bytes)
  writeFileSync(join(metadataFolder(damaged), '00000000000000009999-0000000001.checkpoint'), bytes.subarray(0, 100))
  const again = await start(damaged)
  t.same(again.seen(), seen, 'a damaged one and an unfinished one are passed over')
  await again.close()
})

t.test('a snapshot stands in for a log that is gone', async (t) => {
  const path = newDirectory()
  const first = await start(path)
  await first.create('a', 3)
  await first.snapshot()
  const second = first.seen()
  await first.close()
  const [newest = ''] = snapshotsIn(path)
  const only = newDirectory()
  copyFileSync(join(path, 'meta.properties'), join(only, 'meta.properties'))
  mkdirSync(metadataFolder(only))
  copyFileSync(join(metadataFolder(path), newest), join(metadataFolder(only), newest))
  const again = await start(only)
  t.same(again.seen(), second)
  await again.create('b')
  const seen = again.seen()
  await again.close()
  const third = await start(only)
  t.same(third.seen(), seen)
  await third.close()
})

t.test("Apache Kafka's directory opens with its topics, ids, settings and producer ids, and goes on from there", async (t) => {
  const isSnapshot = (path: string) => path.endsWith('.checkpoint') && path.includes('__cluster')
  const older = (path: string) => isSnapshot(path) && !path.includes('00000000000000000040-')
  const ways: [string, (path: string) => boolean][] = [
    ['with all of its snapshots', () => false],
    ['with an older snapshot', older],
    ['with none', isSnapshot],
  ]
  for (const [way, leaveOut] of ways) {
    const path = newDirectory()
    unpackKafkaDirectory(path, leaveOut)
    const node = await start(path)
    const { image, clusterId } = node.cluster
    t.equal(clusterId, '4L6g3nShT-eMCtK--X86sw', way)
    t.same([...image.topics.keys()].sort(), ['late', 'orders', 'payments'])
    t.equal(image.topics.get('orders')?.id, 'VVfRP5r3QHWs61HybgoYcw')
    t.equal(image.topics.get('orders')?.partitions.length, 4)
    t.same(Object.fromEntries(image.topicConfigs('orders')), { 'cleanup.policy': 'compact', 'retention.ms': '86400000' })
    t.match(image.partition('late', 1), { leader: 1, leaderEpoch: 2 }, 'Kafka left it without a leader')
    t.equal(image.features.get('metadata.version'), 30)
    t.equal(await node.cluster.nextProducerId(), 1000)
    await node.create('new')
    await node.remove('payments')
    const seen = node.seen()
    await node.close()
    const again = await start(path)
    t.same(again.seen(), seen)
    await again.close()
  }
})

t.test("what Kafka's format command left for the first start is taken into the log", async (t) => {
  const path = newDirectory()
  unpackKafkaDirectory(path, (name) => name !== 'bootstrap.checkpoint' && name !== 'meta.properties')
  const node = await start(path)
  t.equal(node.cluster.image.features.get('metadata.version'), 30)
  t.equal(node.cluster.image.features.get('transaction.version'), 2)
  await node.close()
})

t.test('a log that was damaged before its end is refused, not cut', async (t) => {
  const path = newDirectory()
  const node = await start(path)
  for (let n = 0; n < 5; n++) await node.create(`topic-${n}`)
  await node.close()
  const file = join(metadataFolder(path), '00000000000000000000.log')
  const bytes = readFileSync(file)
  bytes[150] = (bytes[150] as number) ^ 0x10
  writeFileSync(file, bytes)
  await t.rejects(start(path), { name: 'DirectoryRefused' })
  t.same(readFileSync(file), bytes, 'nothing was touched')
})

/** The real disk, until it is told to fail. */
function failingDisk() {
  const faults = { write: '', sync: '' }
  const fail = (kind: 'write' | 'sync', path: string) => {
    if (faults[kind] !== '') throw new DiskError(faults[kind], kind, path)
  }
  const failing = (file: DiskFile): DiskFile =>
    Object.assign(Object.create(file) as DiskFile, {
      size: () => file.size(),
      write(chunks: readonly Uint8Array[], position: number) {
        fail('write', file.path)
        file.write(chunks, position)
      },
      read: (target: Uint8Array, position: number) => file.read(target, position),
      readLater: (target: Uint8Array, position: number) => file.readLater(target, position),
      async writeLater(chunks: readonly Uint8Array[], position: number) {
        fail('write', file.path)
        await file.writeLater(chunks, position)
      },
      async sync() {
        fail('sync', file.path)
        await file.sync()
      },
      syncNow() {
        fail('sync', file.path)
        file.syncNow()
      },
      truncate: (size: number) => file.truncate(size),
      close: () => file.close(),
    })
  const real = nodePlatform.disk
  const disk: Disk = Object.assign(Object.create(real) as Disk, {
    open: (...args: Parameters<Disk['open']>) => failing(real.open(...args)),
  })
  return { faults, disk }
}

t.test('a disk that fails refuses changes, and takes them again once it works', async (t) => {
  for (const [kind, code] of [
    ['write', 'ENOSPC'],
    ['sync', 'EIO'],
  ] as const) {
    const path = newDirectory()
    const { faults, disk } = failingDisk()
    const node = await start(path, { disk })
    await node.create('before')
    faults[kind] = code
    await t.rejects(node.create('lost'), { code }, `${kind} fails`)
    await t.rejects(node.create('still'), { code })
    faults[kind] = ''
    await node.create('after')
    t.same([...node.cluster.image.topics.keys()], ['before', 'after'], 'what was refused has not happened')
    const seen = node.seen()
    const copy = killed(path)
    await node.close()
    for (const directory of [path, copy]) {
      const again = await start(directory)
      t.same(again.seen(), seen)
      await again.close()
    }
  }
})
