/**
 * Groups that commit offsets as fast as the broker answers, or at a fixed rate (open loop, timed from when each was due).
 *
 *     node bench/load/commits.ts HOST:PORT [connections 32] [groups 100] [seconds 5] [commits/s in all, 0 as fast as it goes]
 */
import type { BrokerConnection } from '../../client/network/broker-connection.ts'
import { ErrorCode } from '../../client/protocol/errors.ts'
import { OffsetCommitRequest, OffsetCommitResponse } from '../../client/protocol/messages/offset-commit.ts'
import { awaitCoordinator, check, connect, createTopic, Durations, now, pause, report, targetOf } from './broker.ts'

/** Topics by their names, which brokers before topic ids know too. */
const versionMax = 9

const target = targetOf(process.argv[2])
const [connectionCount = 32, groupCount = 100, seconds = 5, rate = 0] = process.argv.slice(3).map(Number)
const topic = `commits-${Date.now()}`
const admin = await connect(target, 'bench')
await createTopic(admin, topic, 8)
const groups = Array.from({ length: groupCount }, (_, nth) => `${topic}-group-${nth}`)
await awaitCoordinator(admin, 0, groups)

async function commit(connection: BrokerConnection, nth: number): Promise<void> {
  for (;;) {
    const partitions = [{ partitionIndex: nth % 8, committedOffset: nth, committedMetadata: '' }]
    const body = { groupId: groups[nth % groupCount] as string, topics: [{ name: topic, partitions }] }
    const answer = await connection.send(OffsetCommitRequest, OffsetCommitResponse, body, versionMax)
    const errorCode = answer.topics[0]?.partitions[0]?.errorCode ?? 0
    if (errorCode !== ErrorCode.COORDINATOR_LOAD_IN_PROGRESS && errorCode !== ErrorCode.NOT_COORDINATOR) return check('a commit', errorCode)
    await pause(50)
  }
}

for (let nth = 0; nth < groupCount; nth++) await commit(admin, nth)

const durations = new Durations()
const connections = await Promise.all(Array.from({ length: connectionCount }, () => connect(target, 'bench')))
const began = now()
const end = began + seconds * 1000
let next = 0

async function asFastAsItGoes(connection: BrokerConnection): Promise<void> {
  while (now() < end) {
    const sent = now()
    await commit(connection, next++)
    durations.add(now() - sent)
  }
}

async function atRate(connection: BrokerConnection): Promise<void> {
  for (;;) {
    const nth = next++
    const due = began + (nth * 1000) / rate
    if (due >= end) return
    const ahead = due - now()
    if (ahead > 0) await pause(ahead)
    await commit(connection, nth)
    durations.add(now() - due)
  }
}

const work = rate > 0 ? atRate : asFastAsItGoes
await Promise.all(connections.map((connection) => work(connection)))
const took = (now() - began) / 1000
report({
  tool: 'commits',
  connections: connectionCount,
  groups: groupCount,
  rate,
  commitsPerSecond: durations.count / took,
  p50Millis: durations.quantile(0.5),
  p99Millis: durations.quantile(0.99),
})
for (const connection of [admin, ...connections]) await connection.close()
