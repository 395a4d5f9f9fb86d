/** ApiVersions (key 18): what this broker serves, made from the table itself, so that nothing is advertised and not served. */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { ApiVersionsRequest, ApiVersionsResponse } from '../../client/protocol/messages/api-versions.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { supportedFeatures } from '../cluster/features.ts'
import { type Api, api } from './handler.ts'

const softwareName = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/

/** @param served all APIs, this one included once it is added; read when a client asks. */
export function apiVersions(served: ReadonlyMap<number, Api>) {
  return api({
    request: ApiVersionsRequest,
    response: ApiVersionsResponse,
    versions: [0, 4],
    handle({ clientSoftwareName, clientSoftwareVersion }, context, { cluster }) {
      const named = softwareName.test(clientSoftwareName) && softwareName.test(clientSoftwareVersion)
      if (context.apiVersion >= 3 && !named) return { errorCode: ErrorCode.INVALID_REQUEST }
      return { apiKeys: advertised(served), ...features(cluster, context.apiVersion) }
    },
  })
}

/** Clients before version 4 take a feature that may be absent (level 0) for a mistake (KIP-1022), so they are told of none. */
const firstVersionWithLevel0 = 4

/** What this broker can do, and what the cluster has agreed on (KIP-584). */
function features({ image, end }: Cluster, apiVersion: number) {
  const least = apiVersion >= firstVersionWithLevel0 ? 0 : 1
  return {
    supportedFeatures: supportedFeatures
      .filter(({ minSupportedVersion }) => minSupportedVersion >= least)
      .map(({ name, minSupportedVersion, maxSupportedVersion }) => ({
        name,
        minVersion: minSupportedVersion,
        maxVersion: maxSupportedVersion,
      })),
    finalizedFeaturesEpoch: end,
    finalizedFeatures: [...image.features].map(([name, level]) => ({ name, maxVersionLevel: level, minVersionLevel: level })),
  }
}

export function advertised(served: ReadonlyMap<number, Api>): { apiKey: number; minVersion: number; maxVersion: number }[] {
  return [...served]
    .sort(([a], [b]) => a - b)
    .map(([apiKey, { versions }]) => ({ apiKey, minVersion: versions[0], maxVersion: versions[1] }))
}
