import t from 'tap'
import { fold } from '../../../broker/cluster/fold.ts'
import { ClusterImage } from '../../../broker/cluster/image.ts'
import { ResourceType } from '../../../broker/cluster/resource-configs.ts'
import { configRecord, recordsOf } from '../../../broker/cluster/image-records.ts'
import { readBatches } from '../../../broker/cluster/metadata-log/batches.ts'
import { parseSnapshotName, readSnapshot, snapshotBytes } from '../../../broker/cluster/metadata-log/snapshot-file.ts'
import { newPartition } from '../../../broker/cluster/placement.ts'
import { decodeRecord, encodeRecord, type MetadataRecord } from '../../../broker/cluster/records.ts'
import { Transactions } from '../../../broker/cluster/transactions.ts'
import { kafkaDirectory } from './kafka-directory.ts'

const id = (n: number) => Buffer.alloc(16, n).toString('base64url')
const topic = (name: string, n: number): MetadataRecord => ({ name: 'TopicRecord', value: { name, topicId: id(n) } })
const partition = (n: number, index: number) => newPartition(id(n), index, [1], new Map())
const remove = (n: number): MetadataRecord => ({ name: 'RemoveTopicRecord', value: { topicId: id(n) } })

const byText = (a: unknown, b: unknown) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)

/** An image as plain data, in an order that does not depend on how it came to be. */
function plain(image: ClusterImage) {
  return {
    topics: [...image.topics.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    topicsById: [...image.topicsById.keys()].sort(byText),
    configs: [...image.configs].map(([key, configs]) => [key, [...configs].sort(byText)]).sort(byText),
    brokers: [...image.brokers.values()].map((broker) => ({
      ...broker,
      endpoints: [...broker.endpoints],
      features: [...broker.features].sort((a, b) => (a.name < b.name ? -1 : 1)),
    })),
    features: [...image.features].sort(byText),
    nextProducerId: image.nextProducerId,
    carried: image.carried,
  }
}

t.test("folding Kafka's log gives what each of Kafka's own snapshots says", async (t) => {
  const files = kafkaDirectory()
  const batches = [...readBatches(files.get('__cluster_metadata-0/00000000000000000000.log') as Buffer)]
  const snapshots = [...files].flatMap(([path, content]) => {
    const name = parseSnapshotName(path.replace('__cluster_metadata-0/', ''))
    return name ? [{ ...name, content }] : []
  })
  t.equal(snapshots.length, 7)
  for (const { end, content } of snapshots) {
    const transactions = new Transactions()
    const before = batches.filter(({ baseOffset }) => baseOffset < end).flatMap(({ records }) => records)
    const fromLog = fold(ClusterImage.empty, transactions.settled(before))
    const fromSnapshot = fold(ClusterImage.empty, readSnapshot(content) ?? [])
    t.same(plain(fromLog), plain(fromSnapshot), `up to ${end}`)
    t.notOk(transactions.isOpen)
  }
})

t.test('an image written as a snapshot and read again is the same image', async (t) => {
  const batches = [...readBatches(kafkaDirectory().get('__cluster_metadata-0/00000000000000000000.log') as Buffer)]
  const image = fold(ClusterImage.empty, new Transactions().settled(batches.flatMap(({ records }) => records)))
  const bytes = Buffer.concat([...snapshotBytes(recordsOf(image), { epoch: 1, now: 1_700_000_000_000 })])
  t.same(plain(fold(ClusterImage.empty, readSnapshot(bytes) ?? [])), plain(image))
  for (const cut of [0, 40, 200, bytes.length - 1])
    t.equal(readSnapshot(bytes.subarray(0, cut)), undefined, `cut at ${cut} it is no snapshot`)
})

t.test("Kafka's records are the same after they were written here", async (t) => {
  const log = kafkaDirectory().get('__cluster_metadata-0/00000000000000000000.log') as Buffer
  const names = new Set<string>()
  for (const record of [...readBatches(log)].flatMap(({ records }) => records)) {
    // Kafka says with it which directories take no new partitions; it is read, never written.
    if (record.name === 'BrokerRegistrationChangeRecord') continue
    t.same(decodeRecord(encodeRecord(record)), record)
    names.add(record.name)
  }
  t.ok(names.size >= 10, `${names.size} kinds of records`)
})

t.test('what a fold did not touch is the same object in the next image', async (t) => {
  const first = fold(ClusterImage.empty, [topic('a', 1), partition(1, 0), topic('b', 2), partition(2, 0)])
  const second = fold(first, [partition(2, 1)])
  t.equal(second.topics.get('a'), first.topics.get('a'))
  t.equal(second.configs, first.configs)
  t.equal(first.topics.get('b')?.partitions.length, 1, 'the image before stays as it was')
  t.equal(second.topics.get('b')?.partitions.length, 2)
  t.equal(second.topicsById.get(id(2)), second.topics.get('b'))
})

t.test('a removed topic takes its settings along, and its name is free again', async (t) => {
  const config = configRecord(ResourceType.TOPIC, 'a.b', 'retention.ms', '5')
  const first = fold(ClusterImage.empty, [topic('a.b', 1), partition(1, 0), config])
  t.equal(first.topicConfigs('a.b').get('retention.ms'), '5')
  t.equal(first.topicsByCollisionKey.get('a_b'), 'a.b')
  const gone = fold(first, [remove(1)])
  t.equal(gone.topics.size + gone.topicsById.size + gone.configs.size + gone.topicsByCollisionKey.size, 0)
  const anew = fold(first, [remove(1), topic('a.b', 3), partition(3, 0)])
  t.equal(anew.topics.get('a.b')?.id, id(3))
  t.equal(anew.topicName(id(1)), undefined)
})

t.test('a partition change keeps what it does not name, and counts the epochs', async (t) => {
  const change = (leader: number, isr: number[] | null): MetadataRecord => ({
    name: 'PartitionChangeRecord',
    value: {
      partitionId: 0,
      topicId: id(1),
      leader,
      isr,
      replicas: null,
      removingReplicas: null,
      addingReplicas: null,
      leaderRecoveryState: -1,
      directories: null,
      eligibleLeaderReplicas: null,
      lastKnownElr: null,
    },
  })
  const first = fold(ClusterImage.empty, [topic('a', 1), partition(1, 0)])
  const second = fold(first, [change(7, null), change(-2, [7])])
  t.match(second.partition('a', 0), { leader: 7, leaderEpoch: 1, partitionEpoch: 2, isr: [7], replicas: [1] })
  t.equal(fold(second, [remove(1), change(9, null)]).partition('a', 0), undefined, 'a change of what is gone changes nothing')
})

t.test('a setting taken back leaves no trace', async (t) => {
  const set = configRecord(ResourceType.BROKER, '', 'message.max.bytes', '5')
  const image = fold(ClusterImage.empty, [set])
  t.same([...image.configsOf(ResourceType.BROKER, '')], [['message.max.bytes', '5']])
  t.equal(fold(image, [configRecord(ResourceType.BROKER, '', 'message.max.bytes', null)]).configs.size, 0)
})

t.test('a transaction in the log counts whole or not at all', async (t) => {
  const begin: MetadataRecord = { name: 'BeginTransactionRecord', value: { name: null } }
  const end: MetadataRecord = { name: 'EndTransactionRecord', value: {} }
  const abort: MetadataRecord = { name: 'AbortTransactionRecord', value: { reason: null } }
  const transactions = new Transactions()
  t.same(transactions.settled([topic('a', 1), begin, topic('b', 2)]), [topic('a', 1)])
  t.ok(transactions.isOpen)
  t.same(transactions.settled([topic('c', 3), end, topic('d', 4)]), [topic('b', 2), topic('c', 3), topic('d', 4)])
  t.same(transactions.settled([begin, topic('e', 5), abort, topic('f', 6)]), [topic('f', 6)])
  t.notOk(transactions.isOpen)
})

t.test('records that mean nothing here are carried as they came', async (t) => {
  const unknown = Buffer.from([1, 99, 3, 1, 2, 3])
  const record = decodeRecord(unknown)
  t.match(record, { name: 'carried', type: 99, version: 3 })
  t.same(encodeRecord(record), unknown)
  t.same([...recordsOf(fold(ClusterImage.empty, [record]))], [record])
})

t.test('settings that mean nothing here are kept in snapshots, and left out of use', async (t) => {
  const set = (type: number, resource: string, name: string, value: string) => configRecord(type, resource, name, value)
  const image = fold(ClusterImage.empty, [
    set(ResourceType.TOPIC, 'a', 'retention.ms', '5'),
    set(ResourceType.TOPIC, 'a', 'of.the.future', 'x'),
    set(ResourceType.TOPIC, 'a', 'segment.ms', 'not a number'),
    set(ResourceType.BROKER, '1', 'message.max.bytes', '2000000'),
    set(ResourceType.BROKER, '1', 'some.plugin.class', 'X'),
    set(ResourceType.BROKER, '1', 'node.id', '9'),
  ])
  t.same([...image.topicConfigs('a')], [['retention.ms', '5']])
  t.same([...image.configsOf(ResourceType.BROKER, '1')], [['message.max.bytes', '2000000']])
  t.equal([...recordsOf(image)].length, 6)
  t.equal(image.topicConfigs('a'), image.topicConfigs('a'), 'looked at once')
})
