/** DescribeCluster (key 60): the cluster's id, its controller and its brokers. */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { DescribeClusterRequest, DescribeClusterResponse } from '../../client/protocol/messages/describe-cluster.ts'
import { api } from './handler.ts'
import { allClusterOperations } from './operations.ts'

const brokers = 1

export const describeCluster = api({
  request: DescribeClusterRequest,
  response: DescribeClusterResponse,
  versions: [0, 2],
  handle({ endpointType, includeFencedBrokers, includeClusterAuthorizedOperations }, { apiVersion, listener }, { cluster }) {
    if (apiVersion >= 1 && endpointType !== brokers) {
      const errorCode = endpointType === 2 ? ErrorCode.MISMATCHED_ENDPOINT_TYPE : ErrorCode.UNSUPPORTED_ENDPOINT_TYPE
      return { errorCode, errorMessage: `this is a broker's listener: it cannot describe endpoints of type ${endpointType}` }
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
