/** ApiVersions (key 18): what this broker serves, made from the table itself, so that nothing is advertised and not served. */
import { ErrorCode } from '../../client/protocol/errors.ts'
import { ApiVersionsRequest, ApiVersionsResponse } from '../../client/protocol/messages/api-versions.ts'
import { type Api, api } from './handler.ts'

const softwareName = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/

/** @param served all APIs, this one included once it is added; read when a client asks. */
export function apiVersions(served: ReadonlyMap<number, Api>) {
  return api({
    request: ApiVersionsRequest,
    response: ApiVersionsResponse,
    versions: [0, 4],
    handle({ clientSoftwareName, clientSoftwareVersion }, context) {
      const named = softwareName.test(clientSoftwareName) && softwareName.test(clientSoftwareVersion)
      if (context.apiVersion >= 3 && !named) return { errorCode: ErrorCode.INVALID_REQUEST }
      return { apiKeys: advertised(served) }
    },
  })
}

export function advertised(served: ReadonlyMap<number, Api>): { apiKey: number; minVersion: number; maxVersion: number }[] {
  return [...served]
    .sort(([a], [b]) => a - b)
    .map(([apiKey, { versions }]) => ({ apiKey, minVersion: versions[0], maxVersion: versions[1] }))
}
