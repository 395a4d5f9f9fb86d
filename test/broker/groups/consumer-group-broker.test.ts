import { rmSync } from 'node:fs'
import t from 'tap'
import { ErrorCode } from '../../../client/protocol/errors.ts'
import { ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse } from '../../../client/protocol/messages/consumer-group-describe.ts'
import {
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
} from '../../../client/protocol/messages/consumer-group-heartbeat.ts'
import { CreatePartitionsRequest, CreatePartitionsResponse } from '../../../client/protocol/messages/create-partitions.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../../../client/protocol/messages/create-topics.ts'
import { FindCoordinatorRequest, FindCoordinatorResponse } from '../../../client/protocol/messages/find-coordinator.ts'
import {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from '../../../client/protocol/messages/incremental-alter-configs.ts'
import { UpdateFeaturesRequest, UpdateFeaturesResponse } from '../../../client/protocol/messages/update-features.ts'
import type { Input } from '../../../client/protocol/schema.ts'
import { BrokerInProcess } from '../../support/broker-in-process.ts'
import { RawClient } from '../../support/raw-client.ts'

async function heartbeat(client: RawClient, says: Input<typeof ConsumerGroupHeartbeatRequest>) {
  const request = { groupId: 'g', memberId: 'm', ...says }
  const answer = await client.ask(ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, 1, request)
  const partitions = answer?.assignment?.topicPartitions.flatMap((each) => each.partitions)
  return { errorCode: answer?.errorCode, epoch: answer?.memberEpoch, interval: answer?.heartbeatIntervalMs, partitions }
}

async function describe(client: RawClient) {
  const answer = await client.ask(ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, 1, { groupIds: ['g'] })
  return answer?.groups[0]
}

const notYet: readonly number[] = [ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, ErrorCode.COORDINATOR_NOT_AVAILABLE, ErrorCode.NOT_COORDINATOR]

async function connect({ port }: BrokerInProcess): Promise<RawClient> {
  const client = await RawClient.connect(port)
  for (;;) {
    await client.ask(FindCoordinatorRequest, FindCoordinatorResponse, 4, { keyType: 0, coordinatorKeys: ['g'] })
    const errorCode = (await describe(client))?.errorCode ?? 0
    if (!notYet.includes(errorCode)) return client
  }
}

t.test('a consumer group follows its topics and its own settings, and is there again after a restart', async (t) => {
  const settings = { 'group.consumer.assignment.interval.ms': 0 }
  const first = await BrokerInProcess.start(settings)
  t.teardown(() => rmSync(first.directory, { recursive: true, force: true }))
  const client = await connect(first)
  const topics = [{ name: 't', numPartitions: 2, replicationFactor: 1 }]
  await client.ask(CreateTopicsRequest, CreateTopicsResponse, 7, { topics, timeoutMs: 5000 })
  const joined = await heartbeat(client, { rebalanceTimeoutMs: 60_000, subscribedTopicNames: ['t'], topicPartitions: [] })
  t.same(joined, { errorCode: 0, epoch: 2, interval: 5000, partitions: [0, 1] })

  await client.ask(CreatePartitionsRequest, CreatePartitionsResponse, 3, {
    topics: [{ name: 't', count: 3, assignments: null }],
    timeoutMs: 5000,
  })
  t.same(await heartbeat(client, { memberEpoch: 2 }), { errorCode: 0, epoch: 3, interval: 5000, partitions: [0, 1, 2] })

  const configs = [{ name: 'consumer.heartbeat.interval.ms', configOperation: 0, value: '7000' }]
  const resources = [{ resourceType: 32, resourceName: 'g', configs }]
  await client.ask(IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, 1, { resources })
  t.same(await heartbeat(client, { memberEpoch: 3 }), { errorCode: 0, epoch: 3, interval: 7000, partitions: undefined })
  const before = await describe(client)
  t.same([before?.groupState, before?.groupEpoch, before?.members.length], ['Stable', 3, 1])
  client.close()
  await first.broker.close()

  const second = await BrokerInProcess.start(settings, { directory: first.directory })
  t.teardown(() => second.broker.close())
  const again = await connect(second)
  t.same(await describe(again), before)
  t.same(await heartbeat(again, { memberEpoch: 3 }), { errorCode: 0, epoch: 3, interval: 7000, partitions: undefined })
  again.close()
})

t.test('where the cluster has not agreed on the protocol, nobody speaks it', async (t) => {
  const running = await BrokerInProcess.start()
  t.teardown(() => running.close())
  const client = await connect(running)
  const featureUpdates = [{ feature: 'group.version', maxVersionLevel: 0, upgradeType: 2 }]
  const updated = await client.ask(UpdateFeaturesRequest, UpdateFeaturesResponse, 1, { timeoutMs: 5000, featureUpdates })
  t.equal(updated?.errorCode, 0)
  const joining = { rebalanceTimeoutMs: 60_000, subscribedTopicNames: ['t'], topicPartitions: [] }
  t.equal((await heartbeat(client, joining)).errorCode, ErrorCode.UNSUPPORTED_VERSION)
  t.equal((await describe(client))?.errorCode, ErrorCode.UNSUPPORTED_VERSION)
  client.close()
})
