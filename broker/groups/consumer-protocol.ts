/**
 * What a machine asks of those of its groups whose members speak the newer protocol (KIP-848). Classic members may be in such a group too,
 * while its consumers are updated one by one: their requests come here as well.
 */
import type { HeartbeatRequest } from '../../client/protocol/messages/heartbeat.ts'
import type { SyncGroupRequest } from '../../client/protocol/messages/sync-group.ts'
import type { Parked, Placement } from '../coordinator/state-machine.ts'
import type { SyncAnswer } from './classic/classic-member.ts'
import type { Join } from './classic/joining.ts'
import type { LeaveAnswer, LeavingMember } from './classic/membership.ts'
import type { DescribedConsumerGroup } from './consumer/description.ts'
import type {
  HeartbeatAnswer as ConsumerHeartbeatAnswer,
  HeartbeatRequest as ConsumerHeartbeatRequest,
} from './consumer/heartbeat-request.ts'
import type { Client, Group, GroupTurn } from './group.ts'
import type { ConsumerGroupRecord } from './records.ts'

export interface ConsumerProtocol {
  /** ConsumerGroupHeartbeat; a group that is not of this protocol may become so. Throws CoordinatorError, as all do. */
  consumerHeartbeat(request: ConsumerHeartbeatRequest, client: Client, turn: GroupTurn): ConsumerHeartbeatAnswer
  describe(groupId: string): DescribedConsumerGroup
  /** Topics of these names came, changed or went. */
  topicsChanged(names: ReadonlySet<string>, haveCome: boolean): void
  apply(record: ConsumerGroupRecord, placement: Placement): void
  loaded(turn: GroupTurn): void
  join(group: Group, join: Join, turn: GroupTurn): void
  sync(group: Group, request: SyncGroupRequest, parked: Parked<SyncAnswer>, turn: GroupTurn): void
  /** The error code. */
  heartbeat(group: Group, request: HeartbeatRequest, turn: GroupTurn): number
  leave(group: Group, leaving: readonly LeavingMember[], turn: GroupTurn): LeaveAnswer
}
