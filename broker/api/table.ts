/** Every API this broker serves. What is not in this table is neither served nor advertised. */
import { addOffsetsToTxn } from './add-offsets-to-txn.ts'
import { addPartitionsToTxn } from './add-partitions-to-txn.ts'
import { alterConfigs } from './alter-configs.ts'
import { apiVersions } from './api-versions.ts'
import { createPartitions } from './create-partitions.ts'
import { createTopics } from './create-topics.ts'
import { deleteRecords } from './delete-records.ts'
import { deleteTopics } from './delete-topics.ts'
import { describeCluster } from './describe-cluster.ts'
import { describeConfigs } from './describe-configs.ts'
import { describeLogDirs } from './describe-log-dirs.ts'
import { describeProducers } from './describe-producers.ts'
import { describeTopicPartitions } from './describe-topic-partitions.ts'
import { describeTransactions } from './describe-transactions.ts'
import { electLeaders } from './elect-leaders.ts'
import { endTxn } from './end-txn.ts'
import { fetch } from './fetch.ts'
import { findCoordinator } from './find-coordinator.ts'
import type { Api } from './handler.ts'
import { incrementalAlterConfigs } from './incremental-alter-configs.ts'
import { initProducerId } from './init-producer-id.ts'
import { listConfigResources } from './list-config-resources.ts'
import { listOffsets } from './list-offsets.ts'
import { listTransactions } from './list-transactions.ts'
import { metadata } from './metadata.ts'
import { offsetForLeaderEpoch } from './offset-for-leader-epoch.ts'
import { produce } from './produce.ts'
import { writeTxnMarkers } from './write-txn-markers.ts'

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
    findCoordinator,
    addPartitionsToTxn,
    addOffsetsToTxn,
    endTxn,
    writeTxnMarkers,
    describeProducers,
    describeTransactions,
    listTransactions,
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
