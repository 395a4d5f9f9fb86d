/** The cluster as a whole: its brokers and controller, and brokers that are gone for good. */
import { DescribeClusterRequest, DescribeClusterResponse } from '../protocol/messages/describe-cluster.ts'
import { UnregisterControllerRequest, UnregisterControllerResponse } from '../protocol/messages/unregister-controller.ts'
import { UnregisterBrokerRequest, UnregisterBrokerResponse } from '../protocol/messages/unregister-broker.ts'
import type { CallOptions } from '../network/patience.ts'
import { type AclOperation, authorizedOperations } from './acls.ts'
import { check } from './outcome.ts'
import type { Reach } from './reach.ts'

export interface ClusterBroker {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
  /** Registered, and not fit to serve (KIP-1073). */
  readonly isFenced: boolean
}

export interface ClusterDescription {
  readonly clusterId: string
  /** -1: nobody knows. */
  readonly controllerId: number
  readonly brokers: readonly ClusterBroker[]
  /** What the client may do to the cluster; null unless it was asked for. */
  readonly operations: readonly AclOperation[] | null
}

export class ClusterAdmin {
  readonly #reach: Reach

  constructor(reach: Reach) {
    this.#reach = reach
  }

  /** @param withFenced brokers that do not serve are listed too: UNSUPPORTED_VERSION where the cluster cannot tell. */
  describe({
    withOperations = false,
    withFenced = false,
    ...call
  }: CallOptions & { withOperations?: boolean; withFenced?: boolean } = {}): Promise<ClusterDescription> {
    return this.#reach.anywhere(call, async (ask) => {
      const body = { includeClusterAuthorizedOperations: withOperations, includeFencedBrokers: withFenced }
      const answer = await ask(DescribeClusterRequest, DescribeClusterResponse, body)
      check(answer, 'cannot describe the cluster')
      return {
        clusterId: answer.clusterId,
        controllerId: answer.controllerId,
        brokers: answer.brokers.map(({ brokerId, host, port, rack, isFenced }) => ({ id: brokerId, host, port, rack, isFenced })),
        operations: authorizedOperations(answer.clusterAuthorizedOperations),
      }
    })
  }

  /** A broker that never comes back: the cluster forgets it. Throws BROKER_ID_NOT_REGISTERED. */
  unregisterBroker(brokerId: number, call: CallOptions = {}): Promise<void> {
    return this.#reach.controller(call, async (ask) => {
      check(await ask(UnregisterBrokerRequest, UnregisterBrokerResponse, { brokerId }), `cannot unregister broker ${brokerId}`)
    })
  }
  /** A controller that never comes back, and does not vote any more: the cluster forgets it. Throws CONTROLLER_ID_NOT_REGISTERED. */
  unregisterController(controllerId: number, call: CallOptions = {}): Promise<void> {
    return this.#reach.controller(call, async (ask) => {
      const answer = await ask(UnregisterControllerRequest, UnregisterControllerResponse, { controllerId })
      check(answer, `cannot unregister controller ${controllerId}`)
    })
  }
}
