/** DescribeCluster (key 60): the cluster's id, its controller and its brokers. */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { DescribeClusterRequest, DescribeClusterResponse } from '../../client/protocol/messages/describe-cluster.ts'
import { fault } from '../cluster/plan.ts'
import { api } from './handler.ts'
import { allClusterOperations } from './operations.ts'

const brokers = 1
const controllers = 2

export const describeCluster = api({
  request: DescribeClusterRequest,
  response: DescribeClusterResponse,
  versions: [0, 2],
  handle({ endpointType, includeFencedBrokers, includeClusterAuthorizedOperations }, { apiVersion, listener }, { cluster }) {
    if (apiVersion >= 1 && endpointType !== brokers) {
      return endpointType === controllers
        ? fault(ErrorCode.MISMATCHED_ENDPOINT_TYPE, 'This is an endpoint of type BROKER, not of type CONTROLLER')
        : fault(ErrorCode.UNSUPPORTED_ENDPOINT_TYPE, `Unsupported endpoint type ${endpointType}`)
    }
    const described = []
    for (const { id, endpoints, rack, fenced } of cluster.image.brokers.values()) {
      const endpoint = endpoints.get(listener)
      if (!endpoint || (fenced && !includeFencedBrokers)) continue
      described.push({ brokerId: id, host: endpoint.host, port: endpoint.port, rack, ...(apiVersion >= 2 && { isFenced: fenced }) })
    }
    return {
      clusterId: cluster.clusterId,
      controllerId: cluster.controllerId,
      brokers: described,
      ...(includeClusterAuthorizedOperations && { clusterAuthorizedOperations: allClusterOperations }),
    }
  },
})
