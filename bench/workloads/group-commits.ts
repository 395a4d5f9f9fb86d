/** Groups that commit offsets as fast as the broker answers, or at a fixed rate, timed from when each was due. */
import type { BrokerConnection } from '../../client/network/broker-connection.ts'
import { ErrorCode } from '../../client/protocol/errors.ts'
import { OffsetCommitRequest, OffsetCommitResponse } from '../../client/protocol/messages/offset-commit.ts'
import type { Meter } from '../process/meter.ts'
import type { Share } from '../process/messages.ts'
import { atRate, nowMicros } from '../process/metronome.ts'
import { awaitCoordinator, check, connect, keyTypeOf, pause } from './coordinators.ts'
import { freshTopic } from './own-client.ts'
import { partOf, type Workload } from './workload.ts'

export const groupCommits: Workload = {
  name: 'groups-commit',
  about: '--groups that commit offsets over --connections, as fast as the broker answers or at --rate.',
  unit: 'commits',
  timed: 'a commit; at a rate, from when it was due',
  prepare: async (target, load) => ({ topic: await freshTopic(target, 'commits', load) }),
  load: commitShare,
}

/** Topics by their names, which brokers before topic ids know too. */
const versionMax = 9

async function commitShare(share: Share, meter: Meter): Promise<void> {
  const { bootstrap, load, scene, index } = share
  const topic = scene['topic'] ?? ''
  const groups = Array.from({ length: load.groups }, (_, nth) => `${topic}-${index}-${nth}`)
  const connections = await Promise.all(Array.from({ length: partOf(load.connections, share) }, () => connect(bootstrap)))
  const [first] = connections as [BrokerConnection]
  await awaitCoordinator(first, keyTypeOf.group, groups)
  let next = 0

  async function commit(connection: BrokerConnection): Promise<void> {
    const nth = next++
    for (;;) {
      const partitions = [{ partitionIndex: nth % load.partitions, committedOffset: nth, committedMetadata: '' }]
      const body = { groupId: groups[nth % load.groups] as string, topics: [{ name: topic, partitions }] }
      const answer = await connection.send(OffsetCommitRequest, OffsetCommitResponse, body, versionMax)
      const errorCode = answer.topics[0]?.partitions[0]?.errorCode ?? 0
      if (errorCode !== ErrorCode.COORDINATOR_LOAD_IN_PROGRESS && errorCode !== ErrorCode.NOT_COORDINATOR)
        return check('a commit', errorCode)
      await pause(50)
    }
  }

  for (let nth = 0; nth < load.groups; nth++) await commit(first)
  await meter.ready()
  const committed = (micros: number) => {
    meter.count(1, 0, micros)
  }
  const forever = async (connection: BrokerConnection) => {
    while (!meter.isOver) {
      const began = nowMicros()
      await commit(connection)
      committed(nowMicros() - began)
    }
  }
  if (load.rate === 0) await Promise.all(connections.map(forever))
  else {
    let turn = 0
    const underWay = new Set<Promise<void>>()
    await atRate(load.rate / share.processes, meter.signal, (due, count) => {
      for (let nth = 0; nth < count; nth++) {
        const done = commit(connections[turn++ % connections.length] as BrokerConnection).then(
          () => committed(nowMicros() - due),
          () => meter.fail(1),
        )
        underWay.add(done)
        void done.finally(() => underWay.delete(done))
      }
    })
    await Promise.all(underWay)
  }
  await Promise.all(connections.map((connection) => connection.close()))
}
