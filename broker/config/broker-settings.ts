/**
 * Every setting of a broker, once: parsing, checks, DescribeConfigs, the sample file and the page of settings all come from here.
 * Names, types and ranges are Kafka's own where Kafka has the concept; `stele.*` are ours. Where a default differs from Kafka's, its doc says so.
 */
import { connectionOverridesFault } from './connection-overrides.ts'
import { anyCase, boolean, double, int, list, long, longMax, oneOf, short, string } from './kind.ts'
import { httpAddressFault } from './listeners.ts'
import { planned, setting, unused } from './setting.ts'

const kibibyte = 1024
const mebibyte = 1024 * kibibyte
const hourMillis = 3_600_000
const dayMillis = 24 * hourMillis
const intMax = 2 ** 31 - 1

const codecs = ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'] as const
const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const

const identity = {
  'node.id': setting(
    int(1, { min: 0 }),
    'This broker, by number. If only broker.id is set, that one counts. Kafka demands one of the two; here it is 1 unless set.',
  ),
  'broker.id': setting(int(-1), 'The older name of node.id; -1 leaves it to that one. Where both are set they must agree.'),
  'broker.rack': setting(string(null), 'Where this broker stands (a rack, a zone). Clients are told, and replicas are spread over racks.'),
  'process.roles': setting(
    list(['broker'], { among: ['broker', 'controller'] }),
    'Kept for Kafka files: a list with broker in it. There is no separate controller process.',
  ),
}

const listening = {
  listeners: setting(
    list(['PLAINTEXT://127.0.0.1:9092']),
    'Where clients connect, as NAME://host:port. No host, 0.0.0.0 or [::] is every address of the machine; port 0 is any free one. A listener named in controller.listener.names is not opened. Kafka listens on every address unless told; Stele on loopback only.',
  ),
  'advertised.listeners': setting(
    list([]),
    'What clients are told to connect to, if it is not what listeners says: behind a proxy or a NAT. One entry per listener, by name.',
  ),
  'listener.security.protocol.map': setting(
    string('SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT'),
    'Which protocol each listener name speaks, as NAME:PROTOCOL. Only PLAINTEXT is served by this version.',
  ),
  'controller.listener.names': setting(
    list([]),
    "Names of listeners that belong to Kafka's controller quorum. They are left closed: Stele has no such quorum.",
  ),
  'inter.broker.listener.name': planned(string(null), 'The listener that brokers reach each other by. The first one unless set.'),
  'socket.request.max.bytes': setting(
    int(100 * mebibyte, { min: 1 }),
    'The largest request taken. A connection that announces a larger one is closed.',
  ),
  'queued.max.request.bytes': setting(
    long(128 * mebibyte, { min: -1 }),
    'How many bytes of requests may be in memory at once, over all connections; past it sockets are not read. -1 is no bound (the default in Kafka). Otherwise at least socket.request.max.bytes.',
  ),
  'queued.max.requests': unused(
    int(500, { min: 1 }),
    'What waits is bounded by queued.max.request.bytes, and by 256 requests of one connection.',
  ),
  'max.connections': setting(int(intMax, { min: 0 }), 'How many connections may be open; further ones are closed at once.', 'cluster-wide'),
  'max.connections.per.ip': setting(int(intMax, { min: 0 }), 'How many of them from one address.', 'cluster-wide'),
  'max.connections.per.ip.overrides': setting(
    string('', { allowed: 'a list of address:count', check: connectionOverridesFault }),
    'Other counts for single addresses, as address:count, comma-separated. Brackets around an IPv6 address.',
    'cluster-wide',
  ),
  'connections.max.idle.ms': setting(long(600_000), 'A connection that was silent for this long is closed; below 0 never.'),
  'socket.listen.backlog.size': unused(
    int(50, { min: 1 }),
    'Connections that the system may hold before they are accepted. Stele asks for 1024.',
  ),
  'socket.send.buffer.bytes': unused(int(102_400), "Left to the system's own tuning."),
  'socket.receive.buffer.bytes': unused(int(102_400), "Left to the system's own tuning."),
  'fetch.max.bytes': setting(int(55 * mebibyte, { min: kibibyte }), 'The most record bytes in one answer to a fetch.'),
  'max.incremental.fetch.session.cache.slots': setting(int(1000, { min: 0 }), 'How many incremental fetch sessions (KIP-227) are kept.'),
  'request.timeout.ms': planned(int(30_000), "How long this broker's own requests to others may take."),
}

const topics = {
  'auto.create.topics.enable': setting(boolean(true), 'Whether a topic is made when a client asks for its metadata and allows it.'),
  'delete.topic.enable': setting(boolean(true), 'Whether topics may be deleted by clients.'),
  'num.partitions': setting(int(1, { min: 1 }), 'Partitions of a topic made without a count.'),
  'default.replication.factor': setting(int(1, { min: 1 }), 'Replicas of a topic made without a count.'),
  'min.insync.replicas': setting(int(1, { min: 1 }), 'How many replicas must be in sync for acks=all to be taken.', 'cluster-wide'),
  'unclean.leader.election.enable': setting(
    boolean(false),
    'Whether a replica that is not in sync may lead when no other is left, at the price of lost records.',
    'cluster-wide',
  ),
  'max.request.partition.size.limit': setting(int(2000, { min: 1 }), 'The most partitions in one page of DescribeTopicPartitions.'),
}

const log = {
  'log.dir': setting(
    list(['data']),
    'The data directory, if log.dirs is not set. Kafka keeps its data in /tmp/kafka-logs; Stele in ./data.',
  ),
  'log.dirs': setting(list([]), 'The data directory. Kafka takes several; Stele one.'),
  'log.segment.bytes': setting(int(1024 * mebibyte, { min: mebibyte }), 'The largest size of a segment file.', 'cluster-wide'),
  'log.roll.ms': setting(
    long(null, { min: 1 }),
    'A new segment is begun when the oldest record of the last one is this old. If unset, log.roll.hours.',
    'cluster-wide',
  ),
  'log.roll.hours': setting(int(168, { min: 1 }), 'The same in hours.'),
  'log.roll.jitter.ms': setting(
    long(null, { min: 0 }),
    'At most this much is taken off log.roll.ms, so that partitions do not roll together. If unset, log.roll.jitter.hours.',
    'cluster-wide',
  ),
  'log.roll.jitter.hours': setting(int(0, { min: 0 }), 'The same in hours.'),
  'log.retention.ms': setting(
    long(null, { min: -1 }),
    'How long records are kept; -1 for ever. If unset, log.retention.minutes.',
    'cluster-wide',
  ),
  'log.retention.minutes': setting(int(null), 'The same in minutes. If unset, log.retention.hours.'),
  'log.retention.hours': setting(int(168), 'The same in hours.'),
  'log.retention.bytes': setting(
    long(-1),
    'How large a partition may grow before its oldest segments are deleted; -1 without bound.',
    'cluster-wide',
  ),
  'log.retention.check.interval.ms': setting(long(300_000, { min: 1 }), 'How often retention is checked.'),
  'log.cleanup.policy': setting(
    list(['delete'], { among: ['compact', 'delete'] }),
    'What happens to old records: delete drops old segments, compact keeps the newest record of every key.',
    'cluster-wide',
  ),
  'log.segment.delete.delay.ms': setting(
    long(60_000, { min: 0 }),
    'How long the files of a deleted segment stay, for readers that still hold them.',
    'cluster-wide',
  ),
  'log.index.interval.bytes': setting(
    int(4096, { min: 0 }),
    'About how many log bytes lie between two entries of the offset index.',
    'cluster-wide',
  ),
  'log.index.size.max.bytes': setting(
    int(10 * mebibyte, { min: 4 }),
    'The largest size of an index file; a full one begins a new segment.',
    'cluster-wide',
  ),
  'log.flush.interval.messages': setting(
    long(longMax, { min: 1 }),
    'The log is synced to the disk after this many records, acknowledgements aside.',
    'cluster-wide',
  ),
  'log.flush.interval.ms': setting(
    long(null),
    'The log is synced to the disk at least this often, acknowledgements aside. If unset, log.flush.scheduler.interval.ms.',
    'cluster-wide',
  ),
  'log.flush.scheduler.interval.ms': setting(long(longMax), 'How often it is checked whether a log is due to be synced.'),
  'log.flush.offset.checkpoint.interval.ms': setting(
    int(60_000, { min: 0 }),
    'How often the recovery points are noted: a crash makes the broker read again what came after.',
  ),
  'log.flush.start.offset.checkpoint.interval.ms': setting(int(60_000, { min: 0 }), 'How often the log start offsets are noted.'),
  'log.message.timestamp.type': setting(
    oneOf('CreateTime', ['CreateTime', 'LogAppendTime']),
    "Whose time a record carries: its producer's, or the broker's when it was appended.",
    'cluster-wide',
  ),
  'log.message.timestamp.before.max.ms': setting(
    long(longMax, { min: 0 }),
    "How far a producer's timestamp may lie in the past.",
    'cluster-wide',
  ),
  'log.message.timestamp.after.max.ms': setting(long(hourMillis, { min: 0 }), 'How far it may lie in the future.', 'cluster-wide'),
  'log.preallocate': setting(boolean(false), 'Whether a new segment file is given its whole size at once.', 'cluster-wide'),
  'message.max.bytes': setting(
    int(mebibyte + 12, { min: 0 }),
    'The largest record batch taken, compressed, header included.',
    'cluster-wide',
  ),
  'compression.type': setting(
    oneOf('producer', codecs),
    "How batches are stored: as the producer packed them, or packed anew with a codec of the broker's choice.",
    'cluster-wide',
  ),
  'compression.gzip.level': setting(
    int(-1, { min: 1, max: 9, or: -1 }),
    'The level when compression.type is gzip; -1 is the library’s own.',
    'cluster-wide',
  ),
  'compression.lz4.level': setting(int(9, { min: 1, max: 17 }), 'The level when compression.type is lz4.', 'cluster-wide'),
  'compression.zstd.level': setting(int(3, { min: -131_072, max: 22 }), 'The level when compression.type is zstd.', 'cluster-wide'),
  'num.recovery.threads.per.data.dir': unused(int(2, { min: 1 }), 'Stele has one event loop.', 'cluster-wide'),
}

const compaction = {
  'log.cleaner.enable': setting(boolean(true), 'Whether compaction runs at all.'),
  'log.cleaner.threads': setting(int(1, { min: 0 }), 'How many partitions are compacted side by side.', 'cluster-wide'),
  'log.cleaner.backoff.ms': setting(long(15_000, { min: 0 }), 'How long compaction rests when there is nothing to do.', 'cluster-wide'),
  'log.cleaner.delete.retention.ms': setting(
    long(dayMillis, { min: 0 }),
    'How long a tombstone stays after compaction has passed it.',
    'cluster-wide',
  ),
  'log.cleaner.min.compaction.lag.ms': setting(long(0, { min: 0 }), 'A record younger than this is not compacted away.', 'cluster-wide'),
  'log.cleaner.max.compaction.lag.ms': setting(
    long(longMax, { min: 1 }),
    'A record older than this is compacted, however little there is to gain.',
    'cluster-wide',
  ),
  'log.cleaner.min.cleanable.ratio': setting(
    double(0.5, { min: 0, max: 1 }),
    'Compaction begins when this share of the log has not been compacted yet.',
    'cluster-wide',
  ),
  'log.cleaner.dedupe.buffer.size': setting(
    long(128 * mebibyte),
    'Memory for the map of keys, over all compactions at work.',
    'cluster-wide',
  ),
  'log.cleaner.io.max.bytes.per.second': setting(
    double(Number.MAX_VALUE),
    'Compaction reads and writes no faster than this.',
    'cluster-wide',
  ),
  'log.cleaner.io.buffer.size': setting(
    int(512 * kibibyte, { min: 0 }),
    'Memory for reading and writing, over all compactions at work.',
    'cluster-wide',
  ),
  'log.cleaner.io.buffer.load.factor': setting(
    double(0.9),
    'How full the map of keys may get: fuller takes more keys in one pass, and more time for each.',
    'cluster-wide',
  ),
}

const producers = {
  'producer.id.expiration.ms': setting(
    int(dayMillis, { min: 1 }),
    'A producer id that wrote nothing to a partition for this long is forgotten there.',
    'cluster-wide',
  ),
  'transactional.id.expiration.ms': setting(
    int(7 * dayMillis, { min: 1 }),
    'A transactional id that was not used for this long is forgotten.',
  ),
  'transaction.max.timeout.ms': setting(int(900_000, { min: 1 }), 'The longest timeout that a transaction may ask for.'),
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': setting(
    int(10_000, { min: 1 }),
    'How often transactions that took longer than their timeout are looked for, and aborted.',
  ),
  'transaction.remove.expired.transaction.cleanup.interval.ms': setting(
    int(3_600_000, { min: 1 }),
    'How often transactional ids that are no longer used are looked for, and forgotten.',
  ),
  'transaction.partition.verification.enable': setting(
    boolean(true),
    'Whether a first batch of a transaction is taken only where the coordinator knows the partition to be part of it.',
    'cluster-wide',
  ),
  'add.partitions.to.txn.retry.backoff.max.ms': setting(
    int(100, { min: 0 }),
    'How long a producer that is quick to go on waits here for its transaction before to be complete, until it is told to try again.',
  ),
  'transaction.state.log.num.partitions': setting(int(50, { min: 1 }), 'Partitions of the transaction topic. Not to be changed later.'),
  'transaction.state.log.replication.factor': setting(
    short(3, { min: 1 }),
    'Replicas of the transaction topic, or as many as there are brokers.',
  ),
  'transaction.state.log.min.isr': setting(
    int(2, { min: 1 }),
    'Replicas of the transaction topic that must be in sync, at most its replicas.',
  ),
  'transaction.state.log.segment.bytes': setting(int(100 * mebibyte, { min: 1 }), 'Segment size of the transaction topic.'),
}

const groups = {
  'group.initial.rebalance.delay.ms': setting(int(3000), 'How long a new group waits for more members before its first rebalance.'),
  'group.min.session.timeout.ms': setting(int(6000), 'The shortest session timeout that a member may ask for.'),
  'group.max.session.timeout.ms': setting(int(1_800_000), 'The longest.'),
  'group.max.size': setting(int(intMax, { min: 1 }), 'How many members a group may have.'),
  'group.consumer.session.timeout.ms': setting(
    int(45_000, { min: 1 }),
    'How long a member of a consumer group (KIP-848) may be silent. A group can have its own: consumer.session.timeout.ms.',
  ),
  'group.consumer.min.session.timeout.ms': setting(int(45_000, { min: 1 }), 'The shortest that it, or a group of its own, can be.'),
  'group.consumer.max.session.timeout.ms': setting(int(60_000, { min: 1 }), 'The longest.'),
  'group.consumer.heartbeat.interval.ms': setting(
    int(5000, { min: 1 }),
    'How often members of consumer groups are told to send heartbeats. A group can have its own: consumer.heartbeat.interval.ms.',
  ),
  'group.consumer.min.heartbeat.interval.ms': setting(int(5000, { min: 1 }), 'The shortest that it, or a group of its own, can be.'),
  'group.consumer.max.heartbeat.interval.ms': setting(int(15_000, { min: 1 }), 'The longest.'),
  'group.consumer.max.size': setting(int(intMax, { min: 1 }), 'How many members a consumer group may have.'),
  'group.consumer.assignors': setting(
    list(['uniform', 'range'], { among: ['uniform', 'range'], check: (names) => (names.length === 0 ? 'there must be one' : undefined) }),
    'The assignors that consumer groups may use. The first one is that of members who name none. Kafka takes classes of its users too.',
  ),
  'group.consumer.migration.policy': setting(
    anyCase(oneOf('bidirectional', ['bidirectional', 'upgrade', 'downgrade', 'disabled'])),
    'Whether a classic group becomes a consumer group when a member of the newer protocol joins (upgrade), and back when the last one leaves (downgrade). Empty groups always change.',
  ),
  'group.consumer.assignment.interval.ms': setting(
    int(1000, { min: 0 }),
    'A consumer group makes a new assignment no sooner after the last. A group can have its own: consumer.assignment.interval.ms.',
  ),
  'group.consumer.min.assignment.interval.ms': setting(int(0, { min: 0 }), 'The shortest that it, or a group of its own, can be.'),
  'group.consumer.max.assignment.interval.ms': setting(int(15_000, { min: 0 }), 'The longest.'),
  'group.consumer.regex.refresh.interval.ms': setting(
    int(600_000, { min: 10_000 }),
    'How often the topics are looked through that the regular expressions of consumer groups match, though no topic came.',
  ),
  'offset.metadata.max.bytes': setting(int(4096), 'The longest text that may go with a committed offset.'),
  'offsets.retention.minutes': setting(int(10_080, { min: 1 }), 'How long the offsets of an empty group are kept.'),
  'offsets.retention.check.interval.ms': setting(long(600_000, { min: 1 }), 'How often that is checked.'),
  'offsets.commit.timeout.ms': planned(int(5000, { min: 1 }), 'How long an offset commit may wait for its replicas.'),
  'offsets.topic.num.partitions': setting(int(50, { min: 1 }), 'Partitions of the offsets topic. Not to be changed later.'),
  'offsets.topic.replication.factor': setting(short(3, { min: 1 }), 'Replicas of the offsets topic, or as many as there are brokers.'),
  'offsets.topic.segment.bytes': setting(int(100 * mebibyte, { min: 1 }), 'Segment size of the offsets topic.'),
}

const replication = {
  'replica.lag.time.max.ms': planned(long(30_000), 'A follower that has not caught up for this long is no longer in sync.'),
  'replica.fetch.max.bytes': planned(int(mebibyte, { min: 0 }), 'About how many bytes of one partition a follower asks for at once.'),
  'replica.fetch.response.max.bytes': planned(int(10 * mebibyte, { min: 0 }), 'About how many bytes of all partitions.'),
  'replica.fetch.min.bytes': planned(int(1), 'A follower waits until there is this much.'),
  'replica.fetch.wait.max.ms': planned(int(500), 'But no longer than this, which must not exceed replica.lag.time.max.ms.'),
  'replica.fetch.backoff.ms': planned(int(1000, { min: 0 }), 'How long a follower rests after a failure.'),
  'auto.leader.rebalance.enable': planned(boolean(true), 'Whether leadership goes back to preferred replicas by itself.'),
  'leader.replication.throttled.rate': planned(
    long(longMax, { min: 0 }),
    'Copying to the throttled replicas of the partitions led here is no faster than this, in bytes per second.',
    'per-broker',
  ),
  'follower.replication.throttled.rate': planned(
    long(longMax, { min: 0 }),
    'Copying for the throttled replicas held here is no faster than this, in bytes per second.',
    'per-broker',
  ),
  'num.replica.fetchers': unused(int(1, { min: 1 }), 'One fetcher per leader is enough for one event loop.', 'cluster-wide'),
}

const threads = {
  'num.network.threads': unused(int(3, { min: 1 }), 'Stele has one event loop.', 'cluster-wide'),
  'num.io.threads': unused(int(8, { min: 1 }), 'Stele has one event loop.', 'cluster-wide'),
  'background.threads': unused(int(10, { min: 1 }), 'Stele has one event loop.', 'cluster-wide'),
}

const stele = {
  'stele.ack.durability': setting(
    oneOf('disk', ['disk', 'memory']),
    'When acks=all is answered: disk, when the batch is synced to the disk of every in-sync replica; memory, when it is in their page caches, which is what Kafka does.',
    'cluster-wide',
  ),
  'stele.http.listener': setting(
    string('127.0.0.1:9644', { allowed: 'host:port, or off', check: httpAddressFault }),
    'Where /metrics, /healthz and /readyz are served over HTTP, and streams over WebSocket at /v1/stream, as host:port; off for nowhere.',
  ),
  'stele.http.origins': setting(
    list([]),
    'Web pages of which other origins may open streams, as scheme://host:port each; * is any. A page that came from this port by its address or as localhost always may, and so may a program that is no browser; where the port is known by a name, list that.',
    'cluster-wide',
  ),
  'stele.stream.connections.max': setting(
    int(10_000, { min: 0 }),
    'How many streams may be open at once. One more is closed with code 4010.',
    'cluster-wide',
  ),
  'stele.stream.frame.bytes.max': setting(
    int(mebibyte, { min: kibibyte }),
    'The largest message that a stream takes. The connection of a larger one is closed with code 1009.',
  ),
  'stele.stream.subscriptions.max': setting(
    int(64, { min: 1 }),
    'How many subscriptions one stream may have. One more closes it with code 4011.',
    'cluster-wide',
  ),
  'stele.stream.partitions.max': setting(
    int(1024, { min: 1 }),
    'How many partitions the subscriptions of one stream may read together. One more closes it with code 4012.',
    'cluster-wide',
  ),
  'stele.stream.requests.max': setting(
    int(256, { min: 1 }),
    'How many requests (publish, commit, identify, topics) of one stream may be unanswered. One more closes it with code 4013.',
    'cluster-wide',
  ),
  'stele.stream.buffer.bytes': setting(
    int(mebibyte, { min: kibibyte }),
    'How many bytes may wait to be sent on one stream, whatever credit it has given: beyond it nothing more is read for it.',
    'cluster-wide',
  ),
  'stele.stream.idle.ms': setting(
    int(60_000, { min: 1_000 }),
    'A stream that is silent for so long is closed with code 4008. It is asked with a ping after half of it.',
    'cluster-wide',
  ),
  'stele.stream.hello.ms': setting(
    int(10_000, { min: 100 }),
    'How long a stream may take to say hello and be let in. Later it is closed with code 4001.',
    'cluster-wide',
  ),
  'stele.commit.journal.bytes': setting(
    int(32 * mebibyte, { min: 0 }),
    'Size of each of the two files of the commit journal, which makes durable at once what many partitions wrote. 0: none, every partition is synced by itself.',
  ),
  'stele.commit.journal.partitions.min': setting(
    int(20, { min: 1 }),
    'How many partitions must wait for the disk at once for the commit journal to be used; fewer are synced each by itself.',
  ),
  'stele.write.later.bytes': setting(
    int(256 * kibibyte, { min: 1 }),
    'What a partition gathers in one turn of the event loop is written to the page cache at once if it is less than this, else by another thread: a large write into fresh memory takes milliseconds.',
  ),
  'stele.tail.cache.bytes': setting(
    long(64 * mebibyte, { min: 0 }),
    'How many bytes of the newest batches are kept in memory, over all partitions, for consumers at the head.',
  ),
  'stele.log.level': setting(oneOf('info', levels), "How much the broker's own log tells.", 'cluster-wide'),
  'stele.log.format': setting(
    oneOf('auto', ['auto', 'json', 'text']),
    'JSON lines for programs, text for people; auto is text on a terminal.',
  ),
}

/** In the order and under the headings of the sample file. */
export const sections = {
  'Who this broker is': identity,
  'Listeners, connections and requests': listening,
  Topics: topics,
  'The log': log,
  Compaction: compaction,
  'Producers and transactions': producers,
  'Groups and offsets': groups,
  Replication: replication,
  Threads: threads,
  "Stele's own": stele,
}

export const brokerSettings = {
  ...identity,
  ...listening,
  ...topics,
  ...log,
  ...compaction,
  ...producers,
  ...groups,
  ...replication,
  ...threads,
  ...stele,
}

export type BrokerSettings = typeof brokerSettings
export type BrokerSettingName = keyof BrokerSettings

export function isBrokerSetting(name: string): name is BrokerSettingName {
  return Object.hasOwn(brokerSettings, name)
}
