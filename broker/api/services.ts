/**
 * The parts of the broker that handlers call. broker.ts makes them and hands them in; nothing here is reached any other way.
 */
import type { Cluster } from '../cluster/cluster.ts'
import type { Settings } from '../config/settings.ts'
import type { GroupCoordinator } from '../groups/group-coordinator.ts'
import type { LogDirectory } from '../log/log-directory.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import type { Replicas } from '../replication/replicas.ts'
import type { TransactionCoordinator } from '../transactions/transaction-coordinator.ts'
import type { FetchSessions } from './fetch-session.ts'
import type { Purgatory } from './purgatory.ts'

export interface Services {
  /** Topics, partitions, configs, brokers: the cluster image and the changes to it. */
  readonly cluster: Cluster
  /** The partitions this broker holds. */
  readonly replicas: Replicas
  /** The data directory. */
  readonly directory: LogDirectory
  /** This broker's settings as they stand now. */
  readonly settings: Settings
  readonly clock: Clock
  readonly random: Random
  /** Requests that wait for growth or for time. */
  readonly purgatory: Purgatory
  readonly fetchSessions: FetchSessions
  /** The transactions that are coordinated here. */
  readonly transactions: TransactionCoordinator
  /** The groups that are coordinated here, and their offsets. */
  readonly groups: GroupCoordinator
}
