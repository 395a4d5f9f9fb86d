/** Every API this broker serves. What is not in this table is neither served nor advertised. */
import { alterConfigs } from './alter-configs.ts'
import { apiVersions } from './api-versions.ts'
import { createPartitions } from './create-partitions.ts'
import { createTopics } from './create-topics.ts'
import { deleteRecords } from './delete-records.ts'
import { deleteTopics } from './delete-topics.ts'
import { describeCluster } from './describe-cluster.ts'
import { describeConfigs } from './describe-configs.ts'
import { describeLogDirs } from './describe-log-dirs.ts'
import { describeTopicPartitions } from './describe-topic-partitions.ts'
import { electLeaders } from './elect-leaders.ts'
import { fetch } from './fetch.ts'
import type { Api } from './handler.ts'
import { incrementalAlterConfigs } from './incremental-alter-configs.ts'
import { initProducerId } from './init-producer-id.ts'
import { listConfigResources } from './list-config-resources.ts'
import { listOffsets } from './list-offsets.ts'
import { metadata } from './metadata.ts'
import { offsetForLeaderEpoch } from './offset-for-leader-epoch.ts'
import { produce } from './produce.ts'

/** By API key. */
export function servedApis(): ReadonlyMap<number, Api> {
  const served = new Map<number, Api>()
  const rows = [
    produce,
    fetch,
    listOffsets,
    metadata,
    apiVersions(served),
    createTopics,
    deleteTopics,
    deleteRecords,
    initProducerId,
    offsetForLeaderEpoch,
    describeConfigs,
    alterConfigs,
    describeLogDirs,
    createPartitions,
    electLeaders,
    incrementalAlterConfigs,
    describeCluster,
    listConfigResources,
    describeTopicPartitions,
  ] as unknown as Api[]
  for (const row of rows) served.set(row.request.key, row)
  return served
}
