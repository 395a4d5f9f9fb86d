/** Every act of administration that Kafka has, by family. Owns: the families. Each call takes `signal` and `timeoutMs`. */
import { AclAdmin } from './acls.ts'
import { ClusterAdmin } from './cluster.ts'
import { ConfigAdmin } from './configs.ts'
import { DelegationTokenAdmin } from './delegation-tokens.ts'
import { FeatureAdmin } from './features.ts'
import { GroupItemsAdmin } from './group-items.ts'
import { GroupOffsetAdmin } from './group-offsets.ts'
import { LogDirAdmin } from './log-dirs.ts'
import { PartitionAdmin } from './partitions.ts'
import { QuorumAdmin } from './quorum.ts'
import { QuotaAdmin } from './quotas.ts'
import type { Reach } from './reach.ts'
import { ScramCredentialAdmin } from './scram-credentials.ts'
import { ShareGroupAdmin } from './share-groups.ts'
import { StreamsGroupAdmin } from './streams-groups.ts'
import { TopicItemsAdmin } from './topic-items.ts'
import { TransactionAdmin } from './transactions.ts'

export class Admin {
  readonly acls: AclAdmin
  readonly cluster: ClusterAdmin
  readonly configs: ConfigAdmin
  readonly delegationTokens: DelegationTokenAdmin
  readonly features: FeatureAdmin
  readonly groups: GroupItemsAdmin
  readonly groupOffsets: GroupOffsetAdmin
  readonly logDirs: LogDirAdmin
  readonly partitions: PartitionAdmin
  readonly quorum: QuorumAdmin
  readonly quotas: QuotaAdmin
  readonly scramCredentials: ScramCredentialAdmin
  readonly shareGroups: ShareGroupAdmin
  readonly streamsGroups: StreamsGroupAdmin
  readonly topics: TopicItemsAdmin
  readonly transactions: TransactionAdmin

  constructor(reach: Reach) {
    this.acls = new AclAdmin(reach)
    this.cluster = new ClusterAdmin(reach)
    this.configs = new ConfigAdmin(reach)
    this.delegationTokens = new DelegationTokenAdmin(reach)
    this.features = new FeatureAdmin(reach)
    this.groups = new GroupItemsAdmin(reach)
    this.groupOffsets = new GroupOffsetAdmin(reach)
    this.logDirs = new LogDirAdmin(reach)
    this.partitions = new PartitionAdmin(reach)
    this.quorum = new QuorumAdmin(reach)
    this.quotas = new QuotaAdmin(reach)
    this.scramCredentials = new ScramCredentialAdmin(reach)
    this.shareGroups = new ShareGroupAdmin(reach)
    this.streamsGroups = new StreamsGroupAdmin(reach)
    this.topics = new TopicItemsAdmin(reach)
    this.transactions = new TransactionAdmin(reach)
  }
}
